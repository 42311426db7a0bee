import type pg from 'pg';
import type { SourceRecord } from '../../../src/api/index.ts';
import { readTimeNow } from '../../../src/cdc/record/read-time.ts';
import type { ChangeSite, RecordBuilder } from '../../../src/cdc/record/record-builder.ts';
import { ColumnOffsets, IS_NULL, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import { watchAnswer } from '../../../src/databases/answer-watch.ts';
import { MillraceError } from '../../../src/errors.ts';
import { type Lsn, parseLsn, readInt32, readUint16, recordEnd } from '../position/lsn.ts';
import { type ConnectionSettings, type ConnectOptions, connect } from '../session/connection.ts';
import { toFailure } from '../session/failures.ts';
import { RowReader, rowTexts } from '../session/row-reader.ts';
import { watchedSession } from '../session/watched-session.ts';
import { PostgresSource, type SourceIdentity } from '../source-info.ts';
import type { Bound, Chunk, Range } from './chunk.ts';
import { boundQuery, openQuery } from './chunk-query.ts';
import { fieldsOf, keyText } from './key-text.ts';
import { type Claim, isSame, type TableProgress, type TableVersion } from './table-progress.ts';
import { parseVisibility } from './visibility.ts';

/** Bytes asked for at a time, about: a chunk ends between two of these. */
const STEP_BYTES = 256 * 1024;
const MAX_STEP_ROWS = 20_000;
/** Of the block, line pointer and header that a row has on disk and not in text; and a guess for new tables. */
const DEFAULT_ROW_BYTES = 200;

export interface ReadChunk {
  readonly work: TableProgress;
  /** Of the table when its range was claimed. */
  readonly epoch: number;
  readonly chunk: Chunk;
  readonly records: readonly SourceRecord[];
  readonly bytes: number;
  /** It ends where the table does. */
  readonly tail: boolean;
}

export interface ChunkReaderSettings {
  readonly connection: ConnectionSettings;
  readonly options: ConnectOptions;
  readonly names: SourceIdentity;
  readonly builder: RecordBuilder<Lsn>;
  /** A chunk ends behind the first step that reaches this. */
  readonly chunkBytes: number;
  readonly lockTimeoutMs: number;
  /** See Catalog. */
  readonly tableVersion: string;
  /** Makes the server flush its log up to there. */
  flush(lsn: Lsn): Promise<void>;
}

/** The table is not the one that its schema was made of. */
export class TableChanged extends Error {}

/** One parallel reader of a snapshot: a session, and the chunks that it reads. */
export class ChunkReader {
  readonly #settings: ChunkReaderSettings;
  #rows: RowReader | undefined;
  #closed = false;
  #rowBytes = new WeakMap<TableProgress, number>();

  constructor(settings: ChunkReaderSettings) {
    this.#settings = settings;
  }

  async #session(): Promise<RowReader> {
    if (this.#rows !== undefined) return this.#rows;
    const { connection, options, lockTimeoutMs } = this.#settings;
    // A table by ctid is read in one transaction, which waits while what has been read is being written.
    const settings = `SET idle_in_transaction_session_timeout = 0; SET synchronize_seqscans = off; SET lock_timeout = ${lockTimeoutMs}`;
    const check = async (client: pg.Client): Promise<void> => {
      await options.check?.(client);
      await client.query(settings);
    };
    const rows = new RowReader(await connect(connection, { ...options, check }));
    if (this.#closed) {
      await rows.close();
      throw new MillraceError('SOURCE_UNAVAILABLE', 'the snapshot was stopped');
    }
    this.#rows = rows;
    return rows;
  }

  /** The key about one chunk behind the beginning of a range; null where the range is shorter. */
  async bound(work: TableProgress, range: Range): Promise<Bound | null> {
    const rows = Math.max(1, Math.ceil(this.#settings.chunkBytes / this.#bytesPerRow(work)));
    const found: Bound[] = [];
    await this.#run(
      `looking for a place to divide ${work.table.id}`,
      boundQuery({ version: work.version, override: work.override, range }, rows),
      (_result, bytes, start) => found.push(rowTexts(bytes, start) as string[]),
    );
    // Where the row found is the last, the range ends there.
    return found.length === 2 ? (found[0] as Bound) : null;
  }

  /**
   * Reads a range in one transaction, as far as a chunk goes. A table by ctid is read on in the same transaction, chunk
   * by chunk, until it ends. What is left of the range is put back before `take` is called.
   */
  async read(work: TableProgress, claim: Claim, take: (chunk: ReadChunk) => Promise<void>): Promise<void> {
    const { range, version } = claim;
    const { interrupted, override } = work;
    const { tableVersion } = this.#settings;
    const keyless = version.identity.key === null;
    const chunk = new OpenChunk(work, claim, this.#settings);
    const stepBytes = Math.min(STEP_BYTES, this.#settings.chunkBytes);
    const step = () => Math.min(MAX_STEP_ROWS, Math.max(1, Math.floor(stepBytes / this.#bytesPerRow(work))));
    let wanted = step();
    const query = openQuery({ version, override, range, interrupted, tableVersion });
    await this.#fetch(chunk, `${query}; FETCH ${wanted} FROM rows`);
    for (let more = true; more; ) {
      let fetched = chunk.fetched;
      while (fetched === wanted && chunk.bytes < this.#settings.chunkBytes) {
        wanted = step();
        await this.#fetch(chunk, `FETCH ${wanted} FROM rows`);
        fetched = chunk.fetched;
      }
      const ended = fetched < wanted;
      more = !ended && keyless;
      if (chunk.rows > 0) this.#rowBytes.set(work, Math.max(1, chunk.bytes / chunk.rows));
      const read = chunk.take(ended ? range.hi : undefined);
      await this.#settle(work, read.chunk.lsn, !more);
      // A full chunk may have come just to the end of its range.
      if (!ended && !more && !isSame(read.chunk.hi, range.hi)) work.putBack(claim, { lo: read.chunk.hi, hi: range.hi });
      if (more) work.open++;
      await take(read);
      if (more) {
        wanted = step();
        await this.#fetch(chunk, `FETCH ${wanted} FROM rows`);
      }
    }
  }

  /** Rows that the topic holds must not vanish in a crash of the server. */
  async #settle(work: TableProgress, lsn: Lsn, ended: boolean): Promise<void> {
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
      const consumer = {
        row(...all: Parameters<typeof row>) {
          row(...all);
          return true;
        },
      };
      const { connection, options } = this.#settings;
      const watched = watchedSession(connection, session.client, options.applicationName);
      await watchAnswer(watched, doing, session.run(sql, consumer));
    } catch (error) {
      await this.#end();
      throw toFailure(error, doing);
    }
  }

  #bytesPerRow(work: TableProgress): number {
    const known = this.#rowBytes.get(work);
    if (known !== undefined) return known;
    const { rows, bytes } = work.facts;
    return rows > 0 ? Math.max(1, bytes / rows) : DEFAULT_ROW_BYTES;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  /** The next query has a session of its own. */
  async #end(): Promise<void> {
    const rows = this.#rows;
    this.#rows = undefined;
    await rows?.close();
  }
}

/** Rows of a chunk as they come. */
class OpenChunk {
  readonly work: TableProgress;
  readonly #version: TableVersion;
  readonly #epoch: number;
  readonly #settings: ChunkReaderSettings;
  readonly #places = new ColumnOffsets();
  #lo: Bound | null;
  #site: ChangeSite<Lsn> | undefined;
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

  constructor(work: TableProgress, { version, epoch, range }: Claim, settings: ChunkReaderSettings) {
    this.work = work;
    this.#version = version;
    this.#epoch = epoch;
    this.#lo = range.lo;
    this.#settings = settings;
  }

  row(result: number, bytes: Buffer, start: number, end: number): void {
    if (this.#site === undefined && result === 0) this.#begin(rowTexts(bytes, start));
    else this.#data(bytes, start, end);
  }

  #begin([snapshot, lsn, micros, version]: (string | null)[]): void {
    const { work } = this;
    this.changed = version !== this.#version.facts.version;
    // Of a table that is read on after an interruption, what the first transaction saw counts.
    this.#snapshot = work.interrupted?.snapshot ?? String(snapshot);
    const readAt = recordEnd(parseLsn(String(lsn)));
    this.#lsn = work.interrupted?.lsn ?? readAt;
    const source = new PostgresSource({
      names: this.#settings.names,
      txId: parseVisibility(String(snapshot)).xmax % 2 ** 32,
      micros: Number(micros),
      previousCommit: null,
    });
    this.#site = { table: this.#version.table, source, position: readAt, readTime: readTimeNow() };
  }

  #data(bytes: Buffer, start: number, end: number): void {
    const site = this.#site as ChangeSite<Lsn>;
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
    this.#records.push(this.#settings.builder.read(site, row));
  }

  /** The chunk so far. hi: where its range ends; undefined: it goes as far as its last row. */
  take(hi: Bound | null | undefined): ReadChunk {
    const { work } = this;
    const end = hi === undefined ? this.#reached() : hi;
    const chunk: Chunk = {
      table: this.#version.table.id,
      number: work.nextNumber(),
      identity: this.#version.identity,
      lo: this.#lo,
      hi: end,
      snapshot: this.#snapshot,
      visibility: parseVisibility(this.#snapshot),
      lsn: this.#lsn,
      rows: this.rows,
      again: work.again,
    };
    const read = { work, epoch: this.#epoch, chunk, records: this.#records, bytes: this.bytes, tail: end === null };
    this.#lo = end;
    this.#records = [];
    this.bytes = 0;
    this.rows = 0;
    return read;
  }

  /** The key of the last row. */
  #reached(): Bound {
    const row = this.#last as RowStruct;
    const { table, identity } = this.#version;
    if (identity.key === null) {
      if (this.work.override === null) return [this.#lastCtid];
      throw new MillraceError(
        'SOURCE_SETUP',
        `table ${table.id} has no primary key, and what snapshot.select.statement.overrides selects of it is more ` +
          'than can be read at once: give it a primary key',
      );
    }
    return keyText(fieldsOf(table, identity.key) ?? [], row) ?? [];
  }
}
