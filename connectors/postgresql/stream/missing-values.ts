import type { Log, SourceRecord } from '../../../src/api/index.ts';
import { IS_NULL, IS_UNCHANGED, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import { messageOf } from '../../../src/errors.ts';
import { chunkKey, type KeyColumn, type TableFacts } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import { type Lsn, maxLsn, ZERO_LSN } from '../position/lsn.ts';
import { flushLog, insertEnd, logEnd } from '../position/wal.ts';
import { databaseCode, UNDEFINED_OBJECTS } from '../session/failures.ts';
import type { Sql } from '../session/sql.ts';
import { publishedOnly, rowsOf } from '../snapshot/chunk-query.ts';
import { fieldsOf, keyText } from '../snapshot/key-text.ts';

/** A row that may be looked up by its key. */
export interface KeyedRow {
  readonly row: RowStruct;
  readonly table: Table;
  readonly facts: TableFacts;
}

/** A row whose large values the server did not send, since the change of its key did not change them. */
export interface IncompleteRow extends KeyedRow {
  readonly record: SourceRecord;
  /** LSN of the commit of its transaction; null: no earlier record has the values, whatever the LSN. */
  readonly commitLsn: Lsn | null;
}

/** Most rows of one query. */
const ROWS_AT_ONCE = 500;

/** SQLSTATE of a table without the privilege to read. */
const DENIED = '42501';

/**
 * Reads rows again of which the topic may lack values: a row whose key moves it from a chunk of a snapshot that is not read
 * yet to one that is read, is in neither. Its record has the current values, which may be of later changes.
 *
 * A row that is not found was deleted or has moved again: rows that move until the current end of the log are read too.
 */
export class MissingValues {
  readonly #sql: Sql;
  readonly #log: Log;
  #until: Lsn;

  constructor(sql: Sql, log: Log, readAgainUntil: Lsn | null) {
    this.#sql = sql;
    this.#log = log;
    this.#until = readAgainUntil ?? ZERO_LSN;
  }

  /** Rows of transactions that commit before this are read again; null: the stream at `position` has passed it. */
  until(position: Lsn): Lsn | null {
    return this.#until > position ? this.#until : null;
  }

  /** snapshotEnd: end of the log at the last chunk that the stream has not passed; 0 for none. */
  async fill(rows: readonly IncompleteRow[], snapshotEnd: Lsn): Promise<void> {
    let left = rows.filter(({ row }) => row.isIncomplete());
    for (;;) {
      const until = Math.max(this.#until, snapshotEnd);
      const isDue = ({ commitLsn }: IncompleteRow) => commitLsn === null || commitLsn < until;
      const due = left.filter(isDue);
      if (due.length === 0) return;
      left = left.filter(one => !isDue(one));
      let isMissing = false;
      for (const part of byTable(due)) isMissing = !(await this.#read(part)) || isMissing;
      const end = await this.#flush();
      if (isMissing) this.#until = maxLsn(this.#until, end);
    }
  }

  /** For each row, true if it is not in its table now; false also if that is unknown. */
  async areGone(rows: readonly KeyedRow[]): Promise<boolean[]> {
    const absent = new Set<RowStruct>();
    for (const part of byTable(rows)) {
      const { keys, found } = (await this.#lookUp(part)) ?? {};
      if (keys === undefined || found === undefined) continue;
      const texts = new Set(keys.values());
      // The database considers another text of the key equal.
      if ([...found.keys()].some(key => !texts.has(key))) continue;
      for (const [row, key] of keys) if (!found.has(key)) absent.add(row);
    }
    if (absent.size > 0) await this.#flush();
    return rows.map(({ row }) => absent.has(row));
  }

  /** Flushes the log up to its end, so that rows that were read survive a crash of the server. Returns that end. */
  async #flush(): Promise<Lsn> {
    const end = await insertEnd(this.#sql);
    if ((await logEnd(this.#sql)) < end) await flushLog(this.#sql, end);
    return end;
  }

  /** Reads rows of one table. Returns true if all of them were found. */
  async #read(rows: readonly IncompleteRow[]): Promise<boolean> {
    const { keys, found } = (await this.#lookUp(rows)) ?? {};
    let all = keys?.size === rows.length;
    for (const [row, key] of keys ?? []) {
      const current = found?.get(key);
      if (current === undefined) all = false;
      else row.complete(current);
    }
    return all;
  }

  /** Keys of rows of one table, and the table's current rows by key; undefined if it cannot be read. */
  async #lookUp(
    rows: readonly KeyedRow[],
  ): Promise<{ keys: ReadonlyMap<RowStruct, string>; found: ReadonlyMap<string, RowStruct> } | undefined> {
    const [first] = rows;
    if (first === undefined) return undefined;
    const { table, facts } = first;
    const key = chunkKey(facts, new Set(table.row.fields.map(({ name }) => name)));
    const fields = key === null ? null : fieldsOf(table, key);
    // The row cannot be identified.
    if (key === null || fields === null) return undefined;
    const keyed = rows.flatMap(({ row }) => {
      const values = keyText(fields, row);
      return values === undefined ? [] : [{ row, values }];
    });
    const texts = await this.#query(table, facts, key, keyed);
    if (texts === undefined) return undefined;
    const current = texts.map(one => rowOfTexts(table, one));
    return {
      keys: new Map(keyed.map(({ row, values }) => [row, JSON.stringify(values)])),
      found: new Map(current.map(row => [JSON.stringify(keyText(fields, row)), row])),
    };
  }

  async #query(
    table: Table,
    facts: TableFacts,
    key: readonly KeyColumn[],
    rows: readonly { readonly values: readonly string[] }[],
  ): Promise<readonly (readonly (string | null)[])[] | undefined> {
    const columns = table.row.fields.map(({ name }) => `t.${quoteIdentifier(name)}`);
    const keys = key.map(({ name }) => `t.${quoteIdentifier(name)}`);
    const values = rows.map(one => `(${one.values.map(quoteLiteral).join(', ')})`);
    try {
      return await this.#sql.texts(
        `reading rows of ${table.id} again`,
        `SELECT ${columns.join(', ')} FROM ${rowsOf(facts)} WHERE ${[...publishedOnly(facts), `(${keys.join(', ')}) IN (${values.join(', ')})`].join(' AND ')}`,
      );
    } catch (error) {
      const code = databaseCode(error);
      if (code !== DENIED && !UNDEFINED_OBJECTS.has(code)) throw error;
      this.#log.warn(
        { table: table.id, rows: rows.length },
        `rows that changed their key, or were deleted, cannot be looked up: ${messageOf(error)}`,
      );
      return undefined;
    }
  }
}

/** Groups rows by table, each group small enough for one query. */
function byTable<R extends KeyedRow>(rows: readonly R[]): R[][] {
  const parts: R[][] = [];
  for (const ofTable of Map.groupBy(rows, ({ table }) => table).values())
    for (let from = 0; from < ofTable.length; from += ROWS_AT_ONCE)
      parts.push(ofTable.slice(from, from + ROWS_AT_ONCE));
  return parts;
}

function rowOfTexts({ row }: Table, texts: readonly (string | null)[]): RowStruct {
  const bytes = Buffer.from(texts.map(text => text ?? '').join(''));
  const offsets = new Int32Array(2 * Math.max(0, ...row.fields.map(({ column }) => column + 1))).fill(IS_UNCHANGED);
  let at = 0;
  for (const [i, { column }] of row.fields.entries()) {
    const text = texts[i] ?? null;
    offsets[2 * column] = text === null ? IS_NULL : at;
    at += text === null ? 0 : Buffer.byteLength(text);
    offsets[2 * column + 1] = at;
  }
  return new RowStruct(row, bytes, offsets, 0, null);
}
