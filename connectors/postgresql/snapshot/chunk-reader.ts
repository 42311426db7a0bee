import type { SourceRecord } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { TABLE_VERSION } from '../catalog.ts';
import { tick } from '../clock.ts';
import { type ConnectionSettings, type ConnectOptions, connect, quoteIdentifier, quoteTable } from '../connection.ts';
import { toFailure } from '../failures.ts';
import { type Lsn, parseLsn, readInt32, readUint16, recordEnd } from '../lsn.ts';
import type { ChangeSite, RecordMaker } from '../records.ts';
import { IS_NULL, Places, RowStruct } from '../row-struct.ts';
import { createOrigin, type SourceNames } from '../source-info.ts';
import { RowReader, rowTexts } from '../wire/row-reader.ts';
import type { Bound, Chunk, Range } from './chunk.ts';
import { isSame, type TableWork } from './table-work.ts';
import { parseVisibility } from './visibility.ts';

/** Bytes asked for at a time, about: a chunk ends between two of these. */
const STEP_BYTES = 256 * 1024;
const MAX_STEP_ROWS = 20_000;
/** Of the block, line pointer and header that a row has on disk and not in text; and a guess for new tables. */
const DEFAULT_ROW_BYTES = 200;

export interface ReadChunk {
  readonly work: TableWork;
  readonly chunk: Chunk;
  readonly records: readonly SourceRecord[];
  readonly bytes: number;
  /** It ends where the table does. */
  readonly tail: boolean;
}

export interface ChunkReaderSettings {
  readonly connection: ConnectionSettings;
  readonly options: ConnectOptions;
  readonly names: SourceNames;
  readonly maker: RecordMaker;
  /** A chunk ends behind the first step that reaches this. */
  readonly chunkBytes: number;
  readonly lockTimeoutMs: number;
  /** Makes the server flush its log up to there. */
  flush(lsn: Lsn): Promise<void>;
}

/** The table's columns have changed since its schema was made. */
export class TableChanged extends Error {}

/** One parallel reader of a snapshot: a session, and the chunks that it reads. */
export class ChunkReader {
  readonly #settings: ChunkReaderSettings;
  #rows: RowReader | undefined;
  #rowBytes = new WeakMap<TableWork, number>();

  constructor(settings: ChunkReaderSettings) {
    this.#settings = settings;
  }

  async #session(): Promise<RowReader> {
    if (this.#rows !== undefined) return this.#rows;
    const { connection, options, lockTimeoutMs } = this.#settings;
    const client = await connect(connection, options);
    // A table by ctid is read in one transaction, which waits while what has been read is being written.
    await client.query(
      `SET idle_in_transaction_session_timeout = 0; SET synchronize_seqscans = off; SET lock_timeout = ${lockTimeoutMs}`,
    );
    this.#rows = new RowReader(client);
    return this.#rows;
  }

  /** The key about one chunk behind the beginning of a range; null where the range is shorter. */
  async bound(work: TableWork, range: Range): Promise<Bound | null> {
    const rows = Math.max(1, Math.ceil(this.#settings.chunkBytes / this.#bytesPerRow(work)));
    const found: Bound[] = [];
    await this.#run(
      `looking for a place to divide ${work.table.id}`,
      `SELECT ${work.keyList} FROM ${work.source}${where(work.conditions(range))}
       ORDER BY ${work.keyList} OFFSET ${rows - 1} LIMIT 2`,
      (_result, bytes, start) => found.push(rowTexts(bytes, start) as string[]),
    );
    // Where the row found is the last, the range ends there.
    return found.length === 2 ? (found[0] as Bound) : null;
  }

  /**
   * Reads a range in one transaction, as far as a chunk goes. A table by ctid is read on in the same transaction, chunk
   * by chunk, until it ends. What is left of the range is put back before `take` is called.
   */
  async read(work: TableWork, range: Range, take: (chunk: ReadChunk) => Promise<void>): Promise<void> {
    const chunk = new OpenChunk(work, range.lo, this.#settings);
    const stepBytes = Math.min(STEP_BYTES, this.#settings.chunkBytes);
    const step = () => Math.min(MAX_STEP_ROWS, Math.max(1, Math.floor(stepBytes / this.#bytesPerRow(work))));
    let wanted = step();
    await this.#fetch(chunk, `${begin(work)}; ${declare(work, range)}; FETCH ${wanted} FROM rows`);
    for (let more = true; more; ) {
      let fetched = chunk.fetched;
      while (fetched === wanted && chunk.bytes < this.#settings.chunkBytes) {
        wanted = step();
        await this.#fetch(chunk, `FETCH ${wanted} FROM rows`);
        fetched = chunk.fetched;
      }
      const ended = fetched < wanted;
      more = !ended && work.key === null;
      if (chunk.rows > 0) this.#rowBytes.set(work, Math.max(1, chunk.bytes / chunk.rows));
      const read = chunk.take(ended ? range.hi : undefined);
      await this.#settle(work, read.chunk.lsn, !more);
      // A full chunk may have come just to the end of its range.
      if (!ended && !more && !isSame(read.chunk.hi, range.hi)) work.putBack({ lo: read.chunk.hi, hi: range.hi });
      if (more) work.open++;
      await take(read);
      if (more) {
        wanted = step();
        await this.#fetch(chunk, `FETCH ${wanted} FROM rows`);
      }
    }
  }

  /** Rows that the topic holds must not vanish in a crash of the server. */
  async #settle(work: TableWork, lsn: Lsn, ended: boolean): Promise<void> {
    let flushed = 0;
    await this.#run(
      `reading ${work.table.id}`,
      `${ended ? 'COMMIT; ' : ''}SELECT pg_current_wal_flush_lsn()::text`,
      (_result, bytes, start) => {
        flushed = parseLsn(String(rowTexts(bytes, start)[0]));
      },
    );
    if (flushed < lsn) await this.#settings.flush(lsn);
  }

  async #fetch(chunk: OpenChunk, sql: string): Promise<void> {
    chunk.fetched = 0;
    await this.#run(`reading ${chunk.work.table.id}`, sql, (result, bytes, start, end) =>
      chunk.row(result, bytes, start, end),
    );
    if (chunk.changed) {
      await this.#run(`reading ${chunk.work.table.id}`, 'ROLLBACK', () => true);
      throw new TableChanged(chunk.work.table.id);
    }
  }

  async #run(
    doing: string,
    sql: string,
    row: (result: number, bytes: Buffer, start: number, end: number) => unknown,
  ): Promise<void> {
    const session = await this.#session();
    try {
      await session.run(sql, {
        row(...all) {
          row(...all);
          return true;
        },
      });
    } catch (error) {
      await this.close();
      throw toFailure(error, doing);
    }
  }

  #bytesPerRow(work: TableWork): number {
    const known = this.#rowBytes.get(work);
    if (known !== undefined) return known;
    const { rows, bytes } = work.facts;
    return rows > 0 ? Math.max(1, bytes / rows) : DEFAULT_ROW_BYTES;
  }

  async close(): Promise<void> {
    const rows = this.#rows;
    this.#rows = undefined;
    await rows?.close();
  }
}

/** The lock keeps the table from being rewritten or truncated under the snapshot, which would then miss its rows. */
function begin(work: TableWork): string {
  const { schema, table, oid } = work.facts;
  return (
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ${quoteTable(schema, table)} IN ACCESS SHARE MODE; ` +
    `SELECT pg_current_snapshot()::text, pg_current_wal_insert_lsn()::text, ` +
    `(extract(epoch FROM clock_timestamp()) * 1000000)::int8::text, ${TABLE_VERSION} FROM pg_class c WHERE c.oid = ${oid}`
  );
}

function declare(work: TableWork, range: Range): string {
  const columns = work.table.row.fields.map(({ name }) => `t.${quoteIdentifier(name)}`);
  const conditions = work.conditions(range);
  if (work.key === null) {
    if (work.override === null) columns.push('t.ctid');
    if (work.interrupted !== null) conditions.push(seenBefore(work.interrupted.snapshot));
  }
  const order = work.key === null ? '' : ` ORDER BY ${work.keyList}`;
  return `DECLARE rows NO SCROLL CURSOR FOR SELECT ${columns.join(', ')} FROM ${work.source}${where(conditions)}${order}`;
}

/**
 * Of a table without a key that was being read when the reader was interrupted, only rows that were there in its first
 * transaction: all others the stream brings. A row's xmin is the lower half of its transaction's id.
 */
function seenBefore(snapshot: string): string {
  const now = 'pg_snapshot_xmax(pg_current_snapshot())::text::int8';
  return `pg_visible_in_snapshot((${now} - ((${now} - t.xmin::text::int8) & 4294967295))::text::xid8, '${snapshot}')`;
}

const where = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;

/** Rows of a chunk as they come. */
class OpenChunk {
  readonly work: TableWork;
  readonly #settings: ChunkReaderSettings;
  readonly #places = new Places();
  #lo: Bound | null;
  #site: ChangeSite | undefined;
  #snapshot = '';
  #lsn: Lsn = 0;
  #records: SourceRecord[] = [];
  #last: RowStruct | undefined;
  #lastCtid = '';
  bytes = 0;
  rows = 0;
  /** Of the last FETCH. */
  fetched = 0;
  changed = false;

  constructor(work: TableWork, lo: Bound | null, settings: ChunkReaderSettings) {
    this.work = work;
    this.#lo = lo;
    this.#settings = settings;
  }

  row(result: number, bytes: Buffer, start: number, end: number): void {
    if (this.#site === undefined && result === 0) this.#begin(rowTexts(bytes, start));
    else this.#data(bytes, start, end);
  }

  #begin([snapshot, lsn, micros, version]: (string | null)[]): void {
    const { work } = this;
    this.changed = version !== work.facts.version;
    // Of a table that is read on after an interruption, what the first transaction saw counts.
    this.#snapshot = work.interrupted?.snapshot ?? String(snapshot);
    const readAt = recordEnd(parseLsn(String(lsn)));
    this.#lsn = work.interrupted?.lsn ?? readAt;
    const origin = createOrigin({
      names: this.#settings.names,
      txId: parseVisibility(String(snapshot)).xmax % 2 ** 32,
      micros: Number(micros),
      previousCommit: null,
    });
    this.#site = { table: work.table, origin, lsn: readAt, tick: tick() };
  }

  #data(bytes: Buffer, start: number, end: number): void {
    const site = this.#site as ChangeSite;
    const columns = readUint16(bytes, start);
    const base = this.#places.take(columns);
    const { page } = this.#places;
    let at = start + 2;
    for (let place = base, stop = base + columns * 2; place < stop; place += 2) {
      const length = readInt32(bytes, at);
      at += 4;
      if (length < 0) page[place] = IS_NULL;
      else {
        page[place] = at;
        at += length;
        page[place + 1] = at;
      }
    }
    this.fetched++;
    this.rows++;
    this.bytes += end - start;
    const row = new RowStruct(site.table.row, bytes, page, base, null);
    this.#last = row;
    if (columns > site.table.row.fields.length)
      this.#lastCtid = bytes.toString('latin1', page[base + columns * 2 - 2], page[base + columns * 2 - 1]);
    this.#records.push(this.#settings.maker.read(site, row));
  }

  /** The chunk so far. hi: where its range ends; undefined: it goes as far as its last row. */
  take(hi: Bound | null | undefined): ReadChunk {
    const { work } = this;
    const end = hi === undefined ? this.#reached() : hi;
    const chunk: Chunk = {
      table: work.table.id,
      number: work.nextNumber(),
      lo: this.#lo,
      hi: end,
      snapshot: this.#snapshot,
      visibility: parseVisibility(this.#snapshot),
      lsn: this.#lsn,
      rows: this.rows,
    };
    const read = { work, chunk, records: this.#records, bytes: this.bytes, tail: end === null };
    this.#lo = end;
    this.#records = [];
    this.bytes = 0;
    this.rows = 0;
    return read;
  }

  /** The key of the last row. */
  #reached(): Bound {
    const { work } = this;
    const row = this.#last as RowStruct;
    if (work.key === null) {
      if (work.override === null) return [this.#lastCtid];
      throw new MillraceError(
        'SOURCE_SETUP',
        `table ${work.table.id} has no primary key, and what snapshot.select.statement.overrides selects of it is more ` +
          'than can be read at once: give it a primary key',
      );
    }
    return (work.table.walk ?? []).map(field => row.bytes.toString('utf8', row.start(field), row.end(field)));
  }
}
