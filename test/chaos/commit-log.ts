import type pg from 'pg';
import {
  type Lsn,
  lsnOf,
  readLsn,
  readUint16,
  readUint32,
  ZERO_LSN,
} from '../../connectors/postgresql/position/lsn.ts';
import type { TestDatabase } from '../support/database.ts';

/** A change of a row according to PostgreSQL's log. */
export interface CommittedChange {
  readonly table: string;
  /** The primary key, which is the first column. */
  readonly id: string;
  /** LSN of the change. */
  readonly lsn: Lsn;
  /** LSN of the transaction's commit record: once a slot is confirmed beyond it, the change is not sent again. */
  readonly commit: Lsn;
}

const ROWS_AT_ONCE = 20_000;

/**
 * Reads changes of some tables from a logical slot that never advances: each read returns all transactions since the
 * slot was created. The slot is dropped with its database.
 */
export class CommitLog {
  readonly #database: TestDatabase;
  readonly #name: string;

  private constructor(database: TestDatabase, name: string) {
    this.#database = database;
    this.#name = name;
  }

  /** name: of the slot and of the publication. tables: with a primary key `id`. */
  static async open(database: TestDatabase, name: string, tables: readonly string[]): Promise<CommitLog> {
    await database.query(`CREATE PUBLICATION ${name} FOR TABLE ${tables.map(table => `${table} (id)`).join(', ')}`);
    await database.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
    return new CommitLog(database, name);
  }

  /** Calls `take` for every committed change, in commit order. */
  async read(take: (change: CommittedChange) => void): Promise<void> {
    const client = await this.#database.pool.connect();
    const tables = new Map<number, string>();
    let commit = ZERO_LSN;
    try {
      await client.query('BEGIN');
      // The server stores the result in a file, so that it need not fit into memory.
      await client.query(
        `DECLARE log NO SCROLL CURSOR FOR SELECT (lsn - '0/0')::text AS lsn, data FROM pg_logical_slot_peek_binary_changes(
           '${this.#name}', NULL, NULL, 'proto_version', '1', 'publication_names', '${this.#name}')`,
      );
      for (;;) {
        const { rows }: pg.QueryResult<{ lsn: string; data: Buffer }> = await client.query(
          `FETCH ${ROWS_AT_ONCE} FROM log`,
        );
        if (rows.length === 0) break;
        for (const { lsn, data } of rows) {
          const type = String.fromCharCode(data[0] as number);
          if (type === 'B') commit = readLsn(data, 1);
          else if (type === 'R') tables.set(readUint32(data, 1), relationName(data));
          else if ('IUD'.includes(type))
            take({
              table: tables.get(readUint32(data, 1)) ?? '',
              id: firstColumn(data),
              lsn: lsnOf(Number(lsn)),
              commit,
            });
        }
      }
      await client.query('COMMIT');
    } finally {
      // Ends the transaction, also after an error.
      client.release(true);
    }
  }
}

/*
 * Messages of pgoutput (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
 * Relation: 'R', oid, schema, table, …
 * Insert, Update, Delete: type, oid of the relation, 'N', 'K' or 'O', number of columns, then for each column 't', length, text.
 */

function relationName(data: Buffer): string {
  const start = data.indexOf(0, 5) + 1;
  return data.toString('utf8', start, data.indexOf(0, start));
}

/** Key of the first tuple, which is the old one if the key changed. */
function firstColumn(data: Buffer): string {
  const [columns, kind] = [readUint16(data, 6), String.fromCharCode(data[8] as number)];
  if (columns === 0 || kind !== 't') throw new Error(`no key in a pgoutput message: ${data.toString('hex')}`);
  return data.toString('utf8', 13, 13 + readUint32(data, 9));
}
