import type { SourceBatch, SourceOffset, SourceRecord } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Column, Cursor, Mark, Session } from '../database/session.ts';
import { instantOfMs, sameFraction, writeLocal } from '../values/instants.ts';
import { type Cells, RowStruct } from '../values/row.ts';
import type { Zone } from '../values/time-zone.ts';
import { type Group, type Place, partitionOf, readOffset, writeOffset, zoneOfClock } from './offsets.ts';
import type { Source } from './relation-metadata.ts';
import { type Bound, groupStatement, maximumOf, statement } from './statements.ts';

export interface ReaderContext {
  readonly config: JdbcSourceConfig;
  readonly zone: Zone;
  /** About how many bytes one batch may hold. */
  readonly maxBatchBytes: number;
  /** Looks at the relation anew. */
  look(session: Session): Promise<Source>;
  /** A query that is run as it stands, and what its result is; undefined for all else. */
  readonly whole: WholeQuery | undefined;
  warn(message: string): void;
}

export interface WholeQuery {
  readonly sql: string;
  sourceOf(session: Session, columns: readonly Column[]): Source;
}

/** How often open transactions are looked at again. */
const SETTLE_MS = 60;
/** After which it is said that they hold back rows. */
const PATIENCE_MS = 30_000;
/** Rows fetched while nothing is known of their size. */
const FIRST_ROWS = 100;

/**
 * Reads one relation, poll by poll. A poll takes a mark (the clock, or the greatest number), waits until every
 * transaction that was open then has ended, so that nothing can appear below the mark any more, and reads up to it.
 * Each batch ends at a place that says exactly what has been read.
 */
export class Reader {
  /** Of performance.now(): when there may be something to do again. */
  due = 0;
  readonly #context: ReaderContext;
  readonly #stored: SourceOffset;
  #source: Source | undefined;
  #place: Place = { time: null, number: null, group: null };
  #poll: { readonly mark: Mark; readonly bound: Bound } | undefined;
  #waitingSince: number | undefined;
  #cursor: Cursor | undefined;
  /** Timestamp mode: rows whose time may go on behind them. */
  #held: Cells[] = [];
  #heldBytes = 0;
  /** Rows at the beginning of a group's cursor that were read before. */
  #skip = { hash: '', rows: 0 };
  #rowBytes: number | undefined;
  /** Rows in batches of this poll. */
  #rows = 0;

  constructor(stored: SourceOffset, context: ReaderContext) {
    this.#stored = stored;
    this.#context = context;
  }

  /** Whether it is in the midst of rows, and the session is its own. */
  get reading(): boolean {
    return this.#cursor !== undefined;
  }

  /** Goes on a little. null: nothing now, see `due`. Rejects with a MillraceError; `reset` makes it fit to go on. */
  async step(session: Session): Promise<SourceBatch | null> {
    const { whole } = this.#context;
    if (whole !== undefined && this.#cursor === undefined) await this.#run(session, whole);
    const source = this.#source ?? (await this.#first(session));
    if (this.#cursor === undefined) {
      const start = await this.#begin(session, source);
      if (start !== undefined) return start;
      if (this.#cursor === undefined) return null;
    }
    return this.#read(this.#source ?? source);
  }

  /** Lets go of what it was doing; its place is where the last batch ended. */
  async reset(): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    this.#rows = 0;
    await cursor?.close();
  }

  /** Names the row of a record by its table and offset, without other values. records: the last batch of this reader. */
  placeOf(record: SourceRecord, records: readonly SourceRecord[]): string | undefined {
    const index = records.indexOf(record);
    if (index < 0 || this.#source === undefined) return undefined;
    const { name, time, number } = this.#source;
    const row = `row ${this.#rows - records.length + index + 1} of this poll of ${name}`;
    const cells = (record.value as RowStruct).cells;
    const { group } = this.#place;
    const place = group === null ? placeOf(this.#source, cells) : { time: group.time, number: null };
    const offset = [
      ...(time === null ? [] : [`timestamp ${place.time}`]),
      ...(number === null || place.number === null ? [] : [`incrementing ${place.number}`]),
    ];
    return offset.length === 0 ? row : `${row} (${offset.join(', ')})`;
  }

  async #first(session: Session): Promise<Source> {
    const source = await this.#context.look(session);
    this.#source = source;
    this.#place = readOffset(this.#stored, source.time?.clock ?? null, this.#context.zone);
    return source;
  }

  #text(source: Source, ms: number): string {
    return writeLocal(instantOfMs(ms), zoneOfClock(source.time?.clock ?? 'local', this.#context.zone));
  }

  /** Opens a cursor if it is time to. A batch: the place to begin at, before anything is read. */
  async #begin(session: Session, source: Source): Promise<SourceBatch | undefined> {
    if (source.mode === 'bulk') return this.#open(session, statement(session, source, this.#place, noBound));
    const initial = this.#context.config['timestamp.initial'];
    if (source.time !== null && this.#place.time === null && initial !== -1)
      this.#place = { ...this.#place, time: this.#text(source, initial ?? 0) };
    const { group } = this.#place;
    if (group !== null) {
      this.#skip = { hash: group.hash, rows: group.rows };
      return this.#open(session, groupStatement(session, source, group.time, group.hash));
    }
    this.#poll ??= await this.#takeMark(session, source);
    if (source.time !== null && this.#place.time === null) {
      // From now on: a restart must not move that.
      this.#place = { ...this.#place, time: this.#text(source, this.#poll?.mark.serverMs ?? 0) };
      this.#poll = undefined;
      return this.#batch(source, [], 0);
    }
    if (this.#poll === undefined) return this.#later(this.#context.config['poll.interval.ms']);
    if (!(await this.#hasSettled(session, source, this.#poll))) return this.#later(SETTLE_MS);
    this.#waitingSince = undefined;
    // Columns may have come and gone.
    const now = await this.#context.look(session);
    this.#source = unchanged(source, now) ? source : now;
    return this.#open(session, statement(session, this.#source, this.#place, this.#poll.bound));
  }

  /** undefined: there is nothing new. */
  async #takeMark(session: Session, source: Source): Promise<{ mark: Mark; bound: Bound } | undefined> {
    const numbered = source.time === null;
    const { mark, maximum } = await session.mark(numbered ? maximumOf(source, this.#place) : null);
    if (numbered)
      return maximum === null
        ? undefined
        : { mark, bound: { time: null, number: String(wholeNumber(source, maximum)) } };
    const end = mark.serverMs - this.#context.config['timestamp.delay.interval.ms'];
    const whole = source.time?.fine === true ? end : Math.floor(end / 1000) * 1000;
    const text = this.#text(source, whole);
    const time = source.time?.clock === 'day' ? `${text.slice(0, 10)} 00:00:00.000000` : text;
    if (this.#place.time !== null && time <= this.#place.time) return undefined;
    return { mark, bound: { time, number: null } };
  }

  async #hasSettled(session: Session, source: Source, { mark }: { mark: Mark }): Promise<boolean> {
    const delay = this.#context.config['timestamp.delay.interval.ms'];
    const waited = performance.now() - mark.takenAt;
    const timesUntil = source.time === null ? null : mark.serverMs - delay;
    if ((source.time !== null || waited >= delay) && (await session.settled(mark, timesUntil))) return true;
    this.#waitingSince ??= performance.now() + (source.time === null ? delay : 0);
    if (performance.now() - this.#waitingSince > PATIENCE_MS) {
      this.#waitingSince = Number.POSITIVE_INFINITY;
      this.#context.warn(`transactions that have long been open hold back new rows of ${source.name}`);
    }
    return false;
  }

  #later(ms: number): undefined {
    this.due = performance.now() + ms;
  }

  async #open(session: Session, sql: string): Promise<undefined> {
    const mayWrite = this.#source?.relation.kind === 'query';
    this.#cursor = await session.open(`reading ${this.#source?.name}`, sql, { mayWrite });
  }

  async #run(session: Session, { sql, sourceOf }: WholeQuery): Promise<void> {
    this.#cursor = await session.open('reading the query', sql, { mayWrite: true });
    this.#source = sourceOf(session, await this.#cursor.columns());
  }

  async #read(source: Source): Promise<SourceBatch | null> {
    const { config, maxBatchBytes } = this.#context;
    const wanted = Math.max(1, Math.floor(maxBatchBytes / (this.#rowBytes ?? maxBatchBytes / FIRST_ROWS)));
    const rows = (await this.#cursor?.next(Math.min(mostRows(config), wanted))) ?? [];
    const bytes = bytesOf(rows);
    if (rows.length > 0) this.#rowBytes = Math.max(1, bytes / rows.length);
    this.#sameWidth(source, rows[0]);
    if (this.#place.group !== null) return this.#readGroup(source, this.#place.group, rows, bytes);
    if (source.mode === 'timestamp') return this.#readTimes(source, rows, bytes);
    if (rows.length === 0) return this.#end(config['poll.interval.ms']);
    const last = rows.at(-1) as Cells;
    if (source.mode !== 'bulk') this.#place = placeOf(source, last);
    return this.#batch(source, rows, bytes);
  }

  /** Ends at a change of times, so that no rows of one time are torn apart, unless they are too many for that. */
  async #readTimes(source: Source, rows: readonly Cells[], bytes: number): Promise<SourceBatch | null> {
    const held = this.#held;
    for (const row of rows) held.push(row);
    this.#heldBytes += bytes;
    const ended = rows.length === 0;
    // Behind a suffix such as LIMIT the last time may go on.
    const whole = ended && source.suffix === '';
    const last = timeOf(source, held.at(-1));
    const width = source.columns.length;
    const raw = String(held.at(-1)?.[width]);
    let count = held.length;
    if (!whole) while (count > 0 && String(held[count - 1]?.[width]) === raw) count--;
    if (count > 0) {
      const out = held.slice(0, count);
      this.#held = held.slice(count);
      const outBytes = this.#held.length === 0 ? this.#heldBytes : bytesOf(out);
      this.#heldBytes -= outBytes;
      this.#place = placeOf(source, out.at(-1) as Cells);
      return this.#batch(source, out, outBytes);
    }
    if (last !== null && (ended || this.#heldBytes > this.#context.maxBatchBytes)) {
      this.#place = { ...this.#place, group: { time: last, hash: '', rows: 0 } };
      await this.reset();
      return null;
    }
    return ended ? this.#end(this.#context.config['poll.interval.ms']) : null;
  }

  async #readGroup(source: Source, group: Group, rows: readonly Cells[], bytes: number): Promise<SourceBatch | null> {
    if (rows.length === 0) {
      this.#place = { time: group.time, number: null, group: null };
      await this.reset();
      return this.#batch(source, [], 0);
    }
    const out: Cells[] = [];
    let { hash, rows: count } = group;
    for (const row of rows) {
      const its = String(row.at(-1));
      if (this.#skip.rows > 0 && its === this.#skip.hash) {
        this.#skip.rows--;
        continue;
      }
      out.push(row);
      count = its === hash ? count + 1 : 1;
      hash = its;
    }
    if (out.length === 0) return null;
    this.#place = { ...this.#place, group: { time: group.time, hash, rows: count } };
    return this.#batch(source, out, bytes);
  }

  async #end(ms: number): Promise<null> {
    await this.reset();
    this.#poll = undefined;
    this.due = performance.now() + ms;
    return null;
  }

  #sameWidth(source: Source, row: Cells | undefined): void {
    const extra = this.#place.group === null ? Number(source.time !== null) + Number(source.number !== null) : 2;
    if (row === undefined || row.length === source.columns.length + extra) return;
    throw new MillraceError('SOURCE_UNAVAILABLE', `${source.name} was changed while it was read; it is read again`);
  }

  #batch(source: Source, rows: readonly Cells[], bytes: number): SourceBatch {
    const { schema, decoders, topic } = source;
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
    if (source.mode === 'bulk') return { records, positions: [], bytes };
    const offset = writeOffset(this.#place, source.time?.clock ?? null, this.#context.zone);
    return { records, positions: [{ partition: partitionOf(source.relation), offset }], bytes };
  }
}

const mostRows = (config: JdbcSourceConfig): number =>
  Math.min(config['batch.max.rows'], config['max.buffer.size'] || Number.POSITIVE_INFINITY);

const noHeaders: readonly never[] = [];
const noBound: Bound = { time: null, number: null };

/** The columns of the mode stand behind those of the relation. */
function timeOf(source: Source, row: Cells | undefined): string | null {
  return row === undefined ? null : sameFraction(String(row[source.columns.length]));
}

function placeOf(source: Source, row: Cells): Place {
  return {
    time: source.time === null ? null : timeOf(source, row),
    number: source.number === null ? null : wholeNumber(source, String(row.at(-1))),
    group: null,
  };
}

/** Throws SOURCE_SETUP for NaN, which PostgreSQL's numeric has. */
function wholeNumber({ name }: Source, text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw new MillraceError(
    'SOURCE_SETUP',
    `the incrementing column of ${name} has ${text}, behind which nothing can be read: remove that row, or use another column`,
  );
}

function bytesOf(rows: readonly Cells[]): number {
  let bytes = 0;
  for (const row of rows) for (const cell of row) bytes += cell === null ? 1 : cell.length;
  return bytes;
}

const unchanged = (a: Source, b: Source): boolean =>
  JSON.stringify([a.schema.fields, a.time, a.number]) === JSON.stringify([b.schema.fields, b.time, b.number]);
