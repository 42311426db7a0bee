import type pg from 'pg';
import { type Bound, isSameBound, type Range } from '../../../src/cdc/snapshot/chunk.ts';
import type { ChunkReader } from '../../../src/cdc/snapshot/chunk-reader.ts';
import { watchAnswer } from '../../../src/databases/answer-watch.ts';
import { MillraceError } from '../../../src/errors.ts';
import { type Lsn, parseLsn } from '../position/lsn.ts';
import { type ConnectionSettings, type ConnectOptions, connect } from '../session/connection.ts';
import { toMillraceError } from '../session/failures.ts';
import { RowReader, rowTexts } from '../session/row-reader.ts';
import { watchedSession } from '../session/watched-session.ts';
import type { PostgresChunk } from './chunk.ts';
import { boundQuery, openQuery } from './chunk-query.ts';
import { OpenChunk, type OpenChunkSettings, type PostgresClaim, type ReadPostgresChunk } from './open-chunk.ts';
import type { PostgresTableProgress, PostgresTableVersion } from './table-version.ts';

/** Approximate size of one FETCH; a chunk ends between two of them. */
const STEP_BYTES = 256 * 1024;
const MAX_STEP_ROWS = 20_000;
/** Estimate for tables without statistics. */
const DEFAULT_ROW_BYTES = 200;

export interface ChunkReaderSettings extends OpenChunkSettings {
  readonly connection: ConnectionSettings;
  readonly options: ConnectOptions;
  /** A chunk ends after the first step that reaches this. */
  readonly chunkBytes: number;
  readonly lockTimeoutMs: number;
  /** See Catalog. */
  readonly tableVersion: string;
  /** Makes the server flush its log up to the LSN. */
  flush(lsn: Lsn): Promise<void>;
}

/** The table is not the one that its version describes. */
export class TableChanged extends Error {}

/** Reads chunks in a session of its own. */
export class PostgresChunkReader implements ChunkReader<PostgresTableVersion, PostgresChunk> {
  readonly #settings: ChunkReaderSettings;
  #rows: RowReader | undefined;
  #closed = false;
  #rowBytes = new WeakMap<PostgresTableProgress, number>();

  constructor(settings: ChunkReaderSettings) {
    this.#settings = settings;
  }

  async #session(): Promise<RowReader> {
    if (this.#rows !== undefined) return this.#rows;
    const { connection, options, lockTimeoutMs } = this.#settings;
    // A table without key is read in one transaction, which is idle while its chunks are written.
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

  async bound(table: PostgresTableProgress, range: Range): Promise<Bound | null> {
    const rows = Math.max(1, Math.ceil(this.#settings.chunkBytes / this.#bytesPerRow(table)));
    const bounds: Bound[] = [];
    await this.#run(
      `looking for a bound in ${table.id}`,
      boundQuery({ version: table.version, override: table.override, range }, rows),
      (_result, bytes, start) => bounds.push(rowTexts(bytes, start) as string[]),
    );
    // Two rows: the range goes on after the first.
    return bounds.length === 2 ? (bounds[0] as Bound) : null;
  }

  async read(
    table: PostgresTableProgress,
    claim: PostgresClaim,
    take: (chunk: ReadPostgresChunk) => Promise<void>,
  ): Promise<void> {
    const { range, version } = claim;
    const { interrupted, override } = table;
    const { tableVersion } = this.#settings;
    const keyless = version.identity.key === null;
    const chunk = new OpenChunk(table, claim, this.#settings);
    const stepBytes = Math.min(STEP_BYTES, this.#settings.chunkBytes);
    const step = () => Math.min(MAX_STEP_ROWS, Math.max(1, Math.floor(stepBytes / this.#bytesPerRow(table))));
    let requested = step();
    const query = openQuery({ version, override, range, interrupted, tableVersion });
    await this.#fetch(chunk, `${query}; FETCH ${requested} FROM rows`);
    for (let more = true; more; ) {
      let fetched = chunk.fetched;
      while (fetched === requested && chunk.bytes < this.#settings.chunkBytes) {
        requested = step();
        await this.#fetch(chunk, `FETCH ${requested} FROM rows`);
        fetched = chunk.fetched;
      }
      const ended = fetched < requested;
      more = !ended && keyless;
      if (chunk.rows > 0) this.#rowBytes.set(table, Math.max(1, chunk.bytes / chunk.rows));
      const read = chunk.take(ended ? range.hi : undefined);
      await this.#settle(table, read.chunk.lsn, !more);
      // A full chunk may have ended exactly at the end of its range.
      if (!ended && !more && !isSameBound(read.chunk.hi, range.hi))
        table.putBack(claim, { lo: read.chunk.hi, hi: range.hi });
      if (more) table.open++;
      await take(read);
      if (more) {
        requested = step();
        await this.#fetch(chunk, `FETCH ${requested} FROM rows`);
      }
    }
  }

  /** Rows in the topic must not be lost in a crash of the server. */
  async #settle(table: PostgresTableProgress, lsn: Lsn, ended: boolean): Promise<void> {
    let flushed = 0;
    await this.#run(
      `reading ${table.id}`,
      `${ended ? 'COMMIT; ' : ''}SELECT pg_current_wal_flush_lsn()::text`,
      (_result, bytes, start) => {
        flushed = parseLsn(String(rowTexts(bytes, start)[0]));
      },
    );
    if (flushed < lsn) await this.#settings.flush(lsn);
  }

  async #fetch(chunk: OpenChunk, sql: string): Promise<void> {
    chunk.fetched = 0;
    await this.#run(`reading ${chunk.table.id}`, sql, (result, bytes, start, end) =>
      chunk.row(result, bytes, start, end),
    );
    if (chunk.changed) {
      await this.#run(`reading ${chunk.table.id}`, 'ROLLBACK', () => true);
      throw new TableChanged(chunk.table.id);
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
      throw toMillraceError(error, doing);
    }
  }

  #bytesPerRow(table: PostgresTableProgress): number {
    const measured = this.#rowBytes.get(table);
    if (measured !== undefined) return measured;
    const { rows, bytes } = table.version.facts;
    return rows > 0 ? Math.max(1, bytes / rows) : DEFAULT_ROW_BYTES;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  /** The next query opens another session. */
  async #end(): Promise<void> {
    const rows = this.#rows;
    this.#rows = undefined;
    await rows?.close();
  }
}
