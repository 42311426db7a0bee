import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresServer } from '../src/stack/types.ts';
import type { Checksum } from './checksum.ts';
import { changesOf, checksumOf, insertPaced, mostTransactions, pacedIds, schemaSql, tableRows } from './sql.ts';

export type PostgresConnection = Pick<PostgresServer, 'host' | 'port' | 'user' | 'password'>;

/** The database of the workloads, with the table `orders`. Dropped at the end. */
export class Database implements AsyncDisposable {
  readonly connection: { host: string; port: number; user: string; password: string; database: string };
  readonly #server: PostgresConnection;
  readonly #pool: pg.Pool;

  private constructor(server: PostgresConnection, database: string) {
    const { host, port, user, password } = server;
    this.#server = { host, port, user, password };
    this.connection = { host, port, user, password, database };
    this.#pool = new pg.Pool({ ...this.connection, max: 4 });
  }

  /** Creates the database, dropping an old one. name: an SQL identifier. */
  static async create(server: PostgresConnection, name = 'millrace_bench'): Promise<Database> {
    const database = new Database(server, name);
    await database.#remove();
    await database.#asAdministrator(`create database ${name}`);
    await database.query(schemaSql);
    return database;
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    return (await this.#pool.query<Row>(sql, values)).rows;
  }

  async one<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row> {
    const [row] = await this.query<Row>(sql, values);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  }

  /** A separate connection, which the caller ends. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client(this.connection);
    await client.connect();
    return client;
  }

  /** Restores the initial rows, for a run that needs exactly these. */
  async fill(rows = tableRows): Promise<void> {
    await this.query(`call fill_orders(${rows})`);
    await this.query('vacuum analyze orders');
    await this.query('checkpoint');
  }

  /** Ensures that the rows for `transactions` generated transactions exist. */
  async ensureTransactions(transactions: number): Promise<void> {
    const [progress] = await this.query<{ transactions: string }>('select transactions from progress');
    if (progress === undefined || Number(progress.transactions) + transactions > mostTransactions) await this.fill();
  }

  /** Runs generated transactions; returns the number of row changes. */
  async insertOne(transactions: number): Promise<number> {
    await this.query(`call change_orders(${transactions})`);
    return transactions * changesOf.all;
  }

  /** Inserts one row, after all earlier changes; returns its id. */
  async timestamp(): Promise<number> {
    const { id } = await this.one<{ id: string }>(`select greatest(max(id), ${pacedIds}) + 1 id from orders`);
    await this.query(insertPaced, [id, 0, 'mark']);
    return Number(id);
  }

  /** An SQL timestamp before all later changes. */
  async now(): Promise<string> {
    return (await this.one<{ now: string }>('select clock_timestamp()::text now')).now;
  }

  checksum(table: string, condition?: string): Promise<Checksum> {
    return this.one<{ rows: number; sum: number }>(checksumOf(table, condition));
  }

  /** Resolves when a slot has a reader that receives all later changes. */
  async awaitStreaming(slot: string): Promise<void> {
    // A slot is active while it is being created; it receives changes from its consistent point on, which is unknown
    // until then.
    await this.#slot(slot, 'active and confirmed_flush_lsn is not null', true);
  }

  async awaitSlotFree(slot: string): Promise<void> {
    await this.#slot(slot, 'active', false);
  }

  async #slot(slot: string, condition: string, wanted: boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    const sql = `select from pg_replication_slots where slot_name = $1 and ${condition}`;
    while ((await this.query(sql, [slot])).length > 0 !== wanted) {
      if (performance.now() > deadline)
        throw new Error(`after a minute ${wanted ? 'no reader uses' : 'a reader still uses'} the slot ${slot}`);
      await delay(50);
    }
  }

  async dropSlot(slot: string): Promise<void> {
    await this.awaitSlotFree(slot);
    await this.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [
      slot,
    ]);
    await this.query(`drop publication if exists ${slot}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
    await this.#remove();
  }

  /** Drops also the slots of an interrupted run. */
  async #remove(): Promise<void> {
    const { database: name } = this.connection;
    await this.#asAdministrator(
      `select pg_terminate_backend(active_pid) from pg_replication_slots where database = '${name}' and active`,
      `select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '${name}' and not active`,
      `drop database if exists ${name} with (force)`,
    );
  }

  async #asAdministrator(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ ...this.#server, database: 'postgres' });
    await client.connect();
    try {
      for (const sql of statements) await client.query(sql);
    } finally {
      await client.end();
    }
  }
}
