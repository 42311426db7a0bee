import type { SourceBatch, SourceOffset, SourceRecord } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Cursor, Session, Watermark } from '../database/session.ts';
import { formatLocal, instantOfMs } from '../values/instants.ts';
import { type Cells, RowStruct } from '../values/row.ts';
import { type Group, type ReadPosition, readOffset, sourcePartition, writeOffset, zoneOfTimeKind } from './offsets.ts';
import type { BulkQuery, ReaderContext } from './reader-context.ts';
import type { RelationMetadata } from './relation-metadata.ts';
import { byteCount, hasSameColumns, rowPosition, rowTime, wholeNumber } from './row-positions.ts';
import { groupStatement, maximumSql, rangeStatement, type UpperBound } from './statements.ts';

/** State of a poll. */
interface Poll {
  readonly watermark: Watermark;
  readonly bound: UpperBound;
}

/** Interval between checks of open transactions. */
const SETTLE_INTERVAL_MS = 60;
/** Wait for open transactions after which a warning is logged. */
const WARN_AFTER_MS = 30_000;
/** Rows of the first fetch, before their size is known. */
const FIRST_ROWS = 100;

/**
 * Reads one relation in polls. A poll takes a watermark (the server's time, or the greatest number), waits until every
 * transaction has ended that was open then, so that no row can appear below the watermark later, and reads up to it. The
 * position of each batch states exactly which rows have been read.
 */
export class RelationReader {
  /** Time of the next step, in terms of performance.now(). */
  nextRunAt = 0;
  readonly #context: ReaderContext;
  readonly #stored: SourceOffset;
  #metadata: RelationMetadata | undefined;
  #position: ReadPosition = { time: null, number: null, group: null };
  #poll: Poll | undefined;
  #waitingSince: number | undefined;
  #cursor: Cursor | undefined;
  /** Timestamp mode: rows at the end of a fetch; more rows with the same time may follow. */
  #pendingRows: Cells[] = [];
  #pendingBytes = 0;
  /** Rows at the start of a group's cursor that were read before. */
  #readBefore = { hash: '', rows: 0 };
  #rowBytes: number | undefined;
  /** Number of rows in the batches of this poll. */
  #rows = 0;

  constructor(stored: SourceOffset, context: ReaderContext) {
    this.#stored = stored;
    this.#context = context;
  }

  /** True while a cursor is open: the session cannot be used for other queries. */
  get isReading(): boolean {
    return this.#cursor !== undefined;
  }

  /** Performs one step. Returns null without a batch: see `nextRunAt`. Rejects with a MillraceError; call `reset` then. */
  async step(session: Session): Promise<SourceBatch | null> {
    const { bulkQuery } = this.#context;
    if (bulkQuery !== undefined && this.#cursor === undefined) await this.#runBulkQuery(session, bulkQuery);
    const metadata = this.#metadata ?? (await this.#loadMetadata(session));
    if (this.#cursor === undefined) {
      const start = await this.#openCursor(session, metadata);
      if (start !== undefined) return start;
      if (this.#cursor === undefined) return null;
    }
    return this.#readRows(this.#metadata ?? metadata);
  }

  /** Closes the cursor; the position is that of the last batch. */
  async reset(): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = undefined;
    this.#pendingRows = [];
    this.#pendingBytes = 0;
    this.#rows = 0;
    await cursor?.close();
  }

  /** Table and offset of a record's row, without other values. records: the last batch of this reader. */
  describeRecord(record: SourceRecord, records: readonly SourceRecord[]): string | undefined {
    const index = records.indexOf(record);
    if (index < 0 || this.#metadata === undefined) return undefined;
    const { name, time, number } = this.#metadata;
    const row = `row ${this.#rows - records.length + index + 1} of this poll of ${name}`;
    const cells = (record.value as RowStruct).cells;
    const { group } = this.#position;
    const position = group === null ? rowPosition(this.#metadata, cells) : { time: group.time, number: null };
    const offset = [
      ...(time === null ? [] : [`timestamp ${position.time}`]),
      ...(number === null || position.number === null ? [] : [`incrementing ${position.number}`]),
    ];
    return offset.length === 0 ? row : `${row} (${offset.join(', ')})`;
  }

  async #loadMetadata(session: Session): Promise<RelationMetadata> {
    const metadata = await this.#context.readMetadata(session);
    this.#metadata = metadata;
    this.#position = readOffset(this.#stored, metadata.time?.timeKind ?? null, this.#context.zone);
    return metadata;
  }

  #timeText(metadata: RelationMetadata, ms: number): string {
    return formatLocal(instantOfMs(ms), zoneOfTimeKind(metadata.time?.timeKind ?? 'local', this.#context.zone));
  }

  /** Opens a cursor if the poll is ready. Returns a batch without records to store the start position. */
  async #openCursor(session: Session, metadata: RelationMetadata): Promise<SourceBatch | undefined> {
    if (metadata.mode === 'bulk')
      return this.#open(session, rangeStatement(session, metadata, this.#position, noBound));
    const initial = this.#context.config['timestamp.initial'];
    if (metadata.time !== null && this.#position.time === null && initial !== -1)
      this.#position = { ...this.#position, time: this.#timeText(metadata, initial ?? 0) };
    const { group } = this.#position;
    if (group !== null) {
      this.#readBefore = { hash: group.hash, rows: group.rows };
      return this.#open(session, groupStatement(session, metadata, group.time, group.hash));
    }
    this.#poll ??= await this.#takeWatermark(session, metadata);
    if (metadata.time !== null && this.#position.time === null) {
      // Stores the start time, so that a restart does not change it.
      this.#position = { ...this.#position, time: this.#timeText(metadata, this.#poll?.watermark.serverMs ?? 0) };
      this.#poll = undefined;
      return this.#batch(metadata, [], 0);
    }
    if (this.#poll === undefined) return this.#runLater(this.#context.config['poll.interval.ms']);
    if (!(await this.#isSettled(session, metadata, this.#poll))) return this.#runLater(SETTLE_INTERVAL_MS);
    this.#waitingSince = undefined;
    // Columns may have been added or dropped.
    const current = await this.#context.readMetadata(session);
    this.#metadata = hasSameColumns(metadata, current) ? metadata : current;
    return this.#open(session, rangeStatement(session, this.#metadata, this.#position, this.#poll.bound));
  }

  /** undefined if there are no new rows. */
  async #takeWatermark(session: Session, metadata: RelationMetadata): Promise<Poll | undefined> {
    const byNumber = metadata.time === null;
    const { watermark, maximum } = await session.takeWatermark(byNumber ? maximumSql(metadata, this.#position) : null);
    if (byNumber)
      return maximum === null
        ? undefined
        : { watermark, bound: { time: null, number: String(wholeNumber(metadata, maximum)) } };
    const end = watermark.serverMs - this.#context.config['timestamp.delay.interval.ms'];
    const whole = metadata.time?.hasMicroseconds === true ? end : Math.floor(end / 1000) * 1000;
    const text = this.#timeText(metadata, whole);
    const time = metadata.time?.timeKind === 'day' ? `${text.slice(0, 10)} 00:00:00.000000` : text;
    if (this.#position.time !== null && time <= this.#position.time) return undefined;
    return { watermark, bound: { time, number: null } };
  }

  async #isSettled(session: Session, metadata: RelationMetadata, { watermark }: Poll): Promise<boolean> {
    const delay = this.#context.config['timestamp.delay.interval.ms'];
    const waited = performance.now() - watermark.takenAt;
    const timesUntil = metadata.time === null ? null : watermark.serverMs - delay;
    if ((metadata.time !== null || waited >= delay) && (await session.isSettled(watermark, timesUntil))) return true;
    this.#waitingSince ??= performance.now() + (metadata.time === null ? delay : 0);
    if (performance.now() - this.#waitingSince > WARN_AFTER_MS) {
      this.#waitingSince = Number.POSITIVE_INFINITY;
      this.#context.warn(`long-running transactions delay new rows of ${metadata.name}`);
    }
    return false;
  }

  #runLater(ms: number): undefined {
    this.nextRunAt = performance.now() + ms;
  }

  async #open(session: Session, sql: string): Promise<undefined> {
    const mayWrite = this.#metadata?.relation.kind === 'query';
    this.#cursor = await session.open(`reading ${this.#metadata?.name}`, sql, { mayWrite });
  }

  async #runBulkQuery(session: Session, { sql, metadataOf }: BulkQuery): Promise<void> {
    this.#cursor = await session.open('reading the query', sql, { mayWrite: true });
    this.#metadata = metadataOf(session, await this.#cursor.columns());
  }

  async #readRows(metadata: RelationMetadata): Promise<SourceBatch | null> {
    const { config, maxBatchBytes } = this.#context;
    const maxFetch = Math.max(1, Math.floor(maxBatchBytes / (this.#rowBytes ?? maxBatchBytes / FIRST_ROWS)));
    const rows = (await this.#cursor?.next(Math.min(maxRows(config), maxFetch))) ?? [];
    const bytes = byteCount(rows);
    if (rows.length > 0) this.#rowBytes = Math.max(1, bytes / rows.length);
    this.#checkWidth(metadata, rows[0]);
    if (this.#position.group !== null) return this.#readGroup(metadata, this.#position.group, rows, bytes);
    if (metadata.mode === 'timestamp') return this.#readTimes(metadata, rows, bytes);
    if (rows.length === 0) return this.#endPoll(config['poll.interval.ms']);
    const last = rows.at(-1) as Cells;
    if (metadata.mode !== 'bulk') this.#position = rowPosition(metadata, last);
    return this.#batch(metadata, rows, bytes);
  }

  /** Ends batches between different times; rows of the same time that exceed a batch become a group. */
  async #readTimes(metadata: RelationMetadata, rows: readonly Cells[], bytes: number): Promise<SourceBatch | null> {
    const pending = this.#pendingRows;
    for (const row of rows) pending.push(row);
    this.#pendingBytes += bytes;
    const ended = rows.length === 0;
    // With a suffix such as LIMIT, more rows of the last time may exist.
    const whole = ended && metadata.suffix === '';
    const last = rowTime(metadata, pending.at(-1));
    const width = metadata.columns.length;
    const raw = String(pending.at(-1)?.[width]);
    let count = pending.length;
    if (!whole) while (count > 0 && String(pending[count - 1]?.[width]) === raw) count--;
    if (count > 0) {
      const out = pending.slice(0, count);
      this.#pendingRows = pending.slice(count);
      const outBytes = this.#pendingRows.length === 0 ? this.#pendingBytes : byteCount(out);
      this.#pendingBytes -= outBytes;
      this.#position = rowPosition(metadata, out.at(-1) as Cells);
      return this.#batch(metadata, out, outBytes);
    }
    if (last !== null && (ended || this.#pendingBytes > this.#context.maxBatchBytes)) {
      this.#position = { ...this.#position, group: { time: last, hash: '', rows: 0 } };
      await this.reset();
      return null;
    }
    return ended ? this.#endPoll(this.#context.config['poll.interval.ms']) : null;
  }

  async #readGroup(
    metadata: RelationMetadata,
    group: Group,
    rows: readonly Cells[],
    bytes: number,
  ): Promise<SourceBatch | null> {
    if (rows.length === 0) {
      this.#position = { time: group.time, number: null, group: null };
      await this.reset();
      return this.#batch(metadata, [], 0);
    }
    const out: Cells[] = [];
    let { hash, rows: count } = group;
    for (const row of rows) {
      const rowHash = String(row.at(-1));
      if (this.#readBefore.rows > 0 && rowHash === this.#readBefore.hash) {
        this.#readBefore.rows--;
        continue;
      }
      out.push(row);
      count = rowHash === hash ? count + 1 : 1;
      hash = rowHash;
    }
    if (out.length === 0) return null;
    this.#position = { ...this.#position, group: { time: group.time, hash, rows: count } };
    return this.#batch(metadata, out, bytes);
  }

  async #endPoll(ms: number): Promise<null> {
    await this.reset();
    this.#poll = undefined;
    this.nextRunAt = performance.now() + ms;
    return null;
  }

  #checkWidth(metadata: RelationMetadata, row: Cells | undefined): void {
    const extra = this.#position.group === null ? Number(metadata.time !== null) + Number(metadata.number !== null) : 2;
    if (row === undefined || row.length === metadata.columns.length + extra) return;
    throw new MillraceError('SOURCE_UNAVAILABLE', `${metadata.name} was changed while it was being read; retrying`);
  }

  #batch(metadata: RelationMetadata, rows: readonly Cells[], bytes: number): SourceBatch {
    const { schema, decoders, topic } = metadata;
    const records = rows.map(
      (cells): SourceRecord => ({
        topic,
        partition: null,
        keySchema: null,
        key: null,
        valueSchema: schema,
        value: new RowStruct(schema, cells, decoders),
        timestamp: null,
        headers: noHeaders,
      }),
    );
    this.#rows += records.length;
    if (metadata.mode === 'bulk') return { records, positions: [], bytes };
    const offset = writeOffset(this.#position, metadata.time?.timeKind ?? null, this.#context.zone);
    return { records, positions: [{ partition: sourcePartition(metadata.relation), offset }], bytes };
  }
}

const maxRows = (config: JdbcSourceConfig): number =>
  Math.min(config['batch.max.rows'], config['max.buffer.size'] || Number.POSITIVE_INFINITY);

const noHeaders: readonly never[] = [];
const noBound: UpperBound = { time: null, number: null };
