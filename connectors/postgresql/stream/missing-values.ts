import type { Log, SourceRecord } from '../../../src/api/index.ts';
import { IS_NULL, IS_UNCHANGED, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import { messageOf } from '../../../src/errors.ts';
import { chunkKey, type KeyColumn, type TableFacts } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import type { Lsn } from '../position/lsn.ts';
import { flushLog, insertEnd, logEnd } from '../position/wal.ts';
import { quoteIdentifier, quoteLiteral } from '../session/connection.ts';
import { databaseCode, GONE } from '../session/failures.ts';
import type { Sql } from '../session/sql.ts';
import { publishedOnly, rowsOf } from '../snapshot/chunk-query.ts';
import { fieldsOf, keyText } from '../snapshot/key-text.ts';

/** A row that may be looked up by its key. */
export interface KeyedRow {
  readonly row: RowStruct;
  readonly table: Table;
  readonly facts: TableFacts;
}

/** A row of which the server has left out large values, since the change that moved it to this key left them alone. */
export interface IncompleteRow extends KeyedRow {
  readonly record: SourceRecord;
  /** LSN of the commit of its transaction; null: no earlier record has the values, whatever the LSN is. */
  readonly commitLsn: Lsn | null;
}

/** Rows of one query. */
const ROWS_AT_ONCE = 500;

/** SQLSTATE of a table that may not be read. */
const DENIED = '42501';

/**
 * Reads rows again of which the topic may not have all values: a row that moves from a chunk of a snapshot that is still to be
 * read to one that was read is in neither. It then has what it has now, which later changes may have brought.
 *
 * A row that is not found has been deleted or has moved on: what moves until the log's end of that moment is read again too.
 */
export class MissingValues {
  readonly #sql: Sql;
  readonly #log: Log;
  #until: Lsn;

  constructor(sql: Sql, log: Log, until: Lsn | null) {
    this.#sql = sql;
    this.#log = log;
    this.#until = until ?? 0;
  }

  /** Rows of transactions that commit before this are read again; null where the stream at `position` has passed it. */
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
      for (const part of partsOf(due)) isMissing = !(await this.#read(part)) || isMissing;
      const end = await this.#flush();
      if (isMissing) this.#until = Math.max(this.#until, end);
    }
  }

  /** For each row, true if it is not in its table now; false also where that cannot be told. */
  async areGone(rows: readonly KeyedRow[]): Promise<boolean[]> {
    const gone = new Set<RowStruct>();
    for (const part of partsOf(rows)) {
      const { keys, found } = (await this.#lookUp(part)) ?? {};
      if (keys === undefined || found === undefined) continue;
      const asked = new Set(keys.values());
      // One that the database takes for equal, written otherwise.
      if ([...found.keys()].some(key => !asked.has(key))) continue;
      for (const [row, key] of keys) if (!found.has(key)) gone.add(row);
    }
    if (gone.size > 0) await this.#flush();
    return rows.map(({ row }) => gone.has(row));
  }

  /** Flushes the log up to its end, so that rows that were read survive a crash of the server. Returns that end. */
  async #flush(): Promise<Lsn> {
    const end = await insertEnd(this.#sql);
    if ((await logEnd(this.#sql)) < end) await flushLog(this.#sql, end);
    return end;
  }

  /** Rows of one table. Whether all are there. */
  async #read(rows: readonly IncompleteRow[]): Promise<boolean> {
    const { keys, found } = (await this.#lookUp(rows)) ?? {};
    let all = keys?.size === rows.length;
    for (const [row, key] of keys ?? []) {
      const now = found?.get(key);
      if (now === undefined) all = false;
      else row.complete(now);
    }
    return all;
  }

  /** Keys of rows of one table, and by key the rows that the table has now; undefined if it cannot be read. */
  async #lookUp(
    rows: readonly KeyedRow[],
  ): Promise<{ keys: ReadonlyMap<RowStruct, string>; found: ReadonlyMap<string, RowStruct> } | undefined> {
    const [first] = rows;
    if (first === undefined) return undefined;
    const { table, facts } = first;
    const key = chunkKey(facts, new Set(table.row.fields.map(({ name }) => name)));
    const fields = key === null ? null : fieldsOf(table, key);
    // Nothing tells which row it was.
    if (key === null || fields === null) return undefined;
    const asked = rows.flatMap(({ row }) => {
      const values = keyText(fields, row);
      return values === undefined ? [] : [{ row, values }];
    });
    const texts = await this.#query(table, facts, key, asked);
    if (texts === undefined) return undefined;
    const now = texts.map(one => rowOfTexts(table, one));
    return {
      keys: new Map(asked.map(({ row, values }) => [row, JSON.stringify(values)])),
      found: new Map(now.map(row => [JSON.stringify(keyText(fields, row)), row])),
    };
  }

  async #query(
    table: Table,
    facts: TableFacts,
    key: readonly KeyColumn[],
    asked: readonly { readonly values: readonly string[] }[],
  ): Promise<readonly (readonly (string | null)[])[] | undefined> {
    const columns = table.row.fields.map(({ name }) => `t.${quoteIdentifier(name)}`);
    const keys = key.map(({ name }) => `t.${quoteIdentifier(name)}`);
    const values = asked.map(one => `(${one.values.map(quoteLiteral).join(', ')})`);
    try {
      return await this.#sql.texts(
        `reading rows of ${table.id} again`,
        `SELECT ${columns.join(', ')} FROM ${rowsOf(facts)} WHERE ${[...publishedOnly(facts), `(${keys.join(', ')}) IN (${values.join(', ')})`].join(' AND ')}`,
      );
    } catch (error) {
      const code = databaseCode(error);
      if (code !== DENIED && !GONE.has(code)) throw error;
      this.#log.warn(
        { table: table.id, rows: asked.length },
        `rows that changed their key, or were deleted, cannot be looked up: ${messageOf(error)}`,
      );
      return undefined;
    }
  }
}

/** Rows of one table each, as many as one query asks for. */
function partsOf<R extends KeyedRow>(rows: readonly R[]): R[][] {
  const parts: R[][] = [];
  for (const ofTable of Map.groupBy(rows, ({ table }) => table).values())
    for (let from = 0; from < ofTable.length; from += ROWS_AT_ONCE)
      parts.push(ofTable.slice(from, from + ROWS_AT_ONCE));
  return parts;
}

function rowOfTexts({ row }: Table, texts: readonly (string | null)[]): RowStruct {
  const bytes = Buffer.from(texts.map(text => text ?? '').join(''));
  const places = new Int32Array(2 * Math.max(0, ...row.fields.map(({ column }) => column + 1))).fill(IS_UNCHANGED);
  let at = 0;
  for (const [i, { column }] of row.fields.entries()) {
    const text = texts[i] ?? null;
    places[2 * column] = text === null ? IS_NULL : at;
    at += text === null ? 0 : Buffer.byteLength(text);
    places[2 * column + 1] = at;
  }
  return new RowStruct(row, bytes, places, 0, null);
}
