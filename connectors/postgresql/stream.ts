import type { Log, SourceBatch, SourcePosition, SourceRecord } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';
import type { Catalog } from './catalog.ts';
import { type Tick, tick } from './clock.ts';
import { HEARTBEAT_MESSAGE } from './heartbeat.ts';
import { type MessageFormat, MessageValue, messageRecord } from './logical-message.ts';
import { type Lsn, readLsn, readUint32 } from './lsn.ts';
import type { PartialTransaction, StreamPosition } from './offsets.ts';
import { PendingRecords } from './pending.ts';
import {
  type Begin,
  Message,
  readBegin,
  readCommitEnd,
  readLogicalMessage,
  readOrigin,
  readRelation,
  readTruncated,
  TupleReader,
} from './pgoutput.ts';
import { PositionTracker } from './position-tracker.ts';
import type { ChangeSite, RecordMaker } from './records.ts';
import type { Relation, TableFacts } from './relation.ts';
import { COPY_DATA, KEEPALIVE, type Replication, readKeepalive, XLOG_DATA, XLOG_HEADER } from './replication.ts';
import { IS_NULL, Places, RowStruct } from './row-struct.ts';
import type { SeenFilter } from './snapshot/seen-filter.ts';
import { createOrigin, type Origin, type SourceNames } from './source-info.ts';
import { buildTable, type SchemaSettings, type Table } from './table-schema.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';
import type { TypeInfo } from './types/resolve.ts';

export interface StreamSettings {
  /** topic.prefix */
  readonly server: string;
  readonly names: SourceNames;
  readonly schemas: SchemaSettings;
  readonly maker: RecordMaker;
  readonly maxBatchBytes: number;
  /** How often the position of log without changes of ours is written. */
  readonly idleMs: number;
  readonly metadata: TransactionMetadata | null;
  readonly messages: MessageFormat;
  readonly log: Log;
  captures(schema: string, table: string): boolean;
  /** `message.prefix.include.list` and its counterpart. */
  includesMessage(prefix: string): boolean;
  /** Records to hand out now, whatever else there is: heartbeats. */
  due(): readonly SourceRecord[];
  /** The stream has passed all chunks of the snapshot: their positions are taken back. */
  passed(): readonly SourcePosition[];
}

/** A batch of the stream, and what may be acknowledged when it is committed. */
export class StreamBatch implements SourceBatch {
  readonly records: readonly SourceRecord[];
  readonly positions: readonly SourcePosition[];
  readonly bytes: number;
  readonly flush: Lsn;

  constructor(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number, flush: Lsn) {
    this.records = records;
    this.positions = positions;
    this.bytes = bytes;
    this.flush = flush;
  }
}

/** A table as the stream last described it. */
interface Known {
  readonly relation: Relation;
  readonly facts: TableFacts | undefined;
  readonly types: ReadonlyMap<number, TypeInfo>;
  readonly nullable: Set<string>;
  /** null: not captured. */
  table: Table | null;
}

/** Totals, for people. */
export interface StreamTotals {
  creates: number;
  updates: number;
  deletes: number;
  others: number;
  transactions: number;
  lastCommitMicros: number;
  lastXid: number;
}

const OLD_KEY = 0x4b;
const OLD_ROW = 0x4f;

/** Turns the replication stream into batches that end where transactions do. */
export class Stream {
  readonly totals: StreamTotals = {
    creates: 0,
    updates: 0,
    deletes: 0,
    others: 0,
    transactions: 0,
    lastCommitMicros: 0,
    lastXid: 0,
  };
  readonly tracker: PositionTracker;
  readonly #settings: StreamSettings;
  readonly #replication: Replication;
  readonly #catalog: Catalog;
  readonly #known = new Map<number, Known>();
  readonly #pending: PendingRecords;
  readonly #places = new Places();
  readonly #tuple = new TupleReader(this.#places);
  readonly #oldTuple = new TupleReader(this.#places);
  #filter: SeenFilter | null;
  #partial: PartialTransaction | null;
  #tick: Tick = tick();
  #idleSince = performance.now();
  /** The server asked how far we are: it may be waiting for the answer to shut down. */
  #asked = false;

  // The open transaction.
  #begin: Begin | null = null;
  #origin: Origin | null = null;
  #replicationOrigin: { readonly name: string; readonly lsn: Lsn } | null = null;
  #filtered = false;
  #skipping = false;
  #lsn: Lsn = 0;
  #eventsAtLsn = 0;
  #lastKind = 'INSERT';

  constructor(
    settings: StreamSettings,
    replication: Replication,
    catalog: Catalog,
    position: StreamPosition,
    filter: SeenFilter | null,
  ) {
    this.#settings = settings;
    this.#replication = replication;
    this.#catalog = catalog;
    this.#filter = filter;
    this.#partial = position.partial;
    this.#pending = new PendingRecords(settings.metadata);
    this.tracker = new PositionTracker(settings.server, position.start);
  }

  /** As SourceTask.read. deadline: of performance.now(). */
  async read(deadline: number): Promise<SourceBatch | null> {
    for (;;) {
      await this.#decode();
      const full = this.#pending.bytes >= this.#settings.maxBatchBytes;
      const batch = await this.#take();
      if (batch !== null) return batch;
      if (full) continue;
      this.#replication.check();
      const left = deadline - performance.now();
      if (left <= 0) return null;
      await this.#replication.wait(left);
    }
  }

  /** Reads what has come, up to a batch's worth. */
  async #decode(): Promise<void> {
    this.#tick = tick();
    for (let relation = this.#messages(); relation !== undefined; relation = this.#messages())
      await this.#describe(relation);
  }

  /** Until nothing whole is left, a batch is full, or a table must be looked up. */
  #messages(): Relation | undefined {
    const { frames } = this.#replication;
    const { maxBatchBytes } = this.#settings;
    while (this.#pending.bytes < maxBatchBytes && frames.next()) {
      const { bytes, start, end } = frames;
      if (frames.type !== COPY_DATA) this.#replication.unexpected(frames);
      else if (bytes[start] === XLOG_DATA) {
        const relation = this.#message(bytes, start + XLOG_HEADER, end, readLsn(bytes, start + 1));
        if (relation !== undefined) return relation;
      } else if (bytes[start] === KEEPALIVE) this.#keepalive(bytes, start);
    }
    return undefined;
  }

  #keepalive(bytes: Buffer, start: number): void {
    const { end, asks } = readKeepalive(bytes, start);
    this.#replication.received(end);
    if (this.#begin === null) this.tracker.moved(end);
    if (!asks) return;
    this.#replication.reply();
    this.#asked = true;
  }

  #message(bytes: Buffer, at: number, end: number, lsn: Lsn): Relation | undefined {
    switch (bytes[at]) {
      case Message.insert:
        if (this.#counts(lsn, 'INSERT')) this.#insert(bytes, at + 1, end, lsn);
        break;
      case Message.update:
        if (this.#counts(lsn, 'UPDATE')) this.#update(bytes, at + 1, end, lsn);
        break;
      case Message.delete:
        if (this.#counts(lsn, 'DELETE')) this.#delete(bytes, at + 1, end, lsn);
        break;
      case Message.begin:
        this.#beginTransaction(readBegin(bytes, at + 1), lsn);
        break;
      case Message.commit:
        this.#commitTransaction(readCommitEnd(bytes, at + 1));
        break;
      case Message.relation:
        return readRelation(bytes, at + 1);
      case Message.truncate:
        if (this.#counts(lsn, 'TRUNCATE')) this.#truncate(readTruncated(bytes, at + 1), lsn);
        break;
      case Message.logical:
        this.#logical(bytes, at + 1, end);
        break;
      case Message.origin:
        this.#replicationOrigin = readOrigin(bytes, at + 1);
        break;
      case Message.type:
        break;
      default:
        throw new MillraceError('SOURCE_PROTOCOL', `pgoutput sent a message that is not known: ${bytes[at]}`);
    }
    return undefined;
  }

  #beginTransaction(begin: Begin, lsn: Lsn): void {
    this.#begin = begin;
    this.#origin = null;
    this.#replicationOrigin = null;
    this.#lsn = 0;
    this.#eventsAtLsn = 0;
    this.#skipping = this.#partial?.xid === begin.xid;
    this.#filtered = this.#filter !== null && begin.commitLsn < this.#filter.end;
    this.#pending.boundary('BEGIN', begin.xid, lsn, begin.micros);
  }

  #commitTransaction(end: Lsn): void {
    const begin = this.#begin as Begin;
    this.#pending.boundary('END', begin.xid, end, begin.micros);
    this.#pending.commit();
    this.tracker.committed(end, begin.xid, begin.micros);
    this.#replication.received(end);
    this.totals.transactions++;
    this.totals.lastCommitMicros = begin.micros;
    this.totals.lastXid = begin.xid;
    if (this.#partial?.xid === begin.xid) this.#partial = null;
    this.#skipping = false;
    this.#begin = null;
  }

  /** Counts a change of the open transaction; false where it was written before and need not be looked at. */
  #counts(lsn: Lsn, kind: string): boolean {
    this.#eventsAtLsn = lsn === this.#lsn ? this.#eventsAtLsn + 1 : 1;
    this.#lsn = lsn;
    this.#lastKind = kind;
    return !this.#skipping || this.#pending.counts || !this.#wasWritten();
  }

  #wasWritten(): boolean {
    const partial = this.#partial as PartialTransaction;
    return this.#lsn < partial.lsn || (this.#lsn === partial.lsn && this.#eventsAtLsn <= partial.events);
  }

  /** The table of a change, or null where it is not captured. */
  #tableOf(oid: number): Known | null {
    const known = this.#known.get(oid);
    if (known === undefined)
      throw new MillraceError('SOURCE_PROTOCOL', `a change of a table that the server has not described: ${oid}`);
    return known.table === null ? null : known;
  }

  #site(table: Table, lsn: Lsn): ChangeSite {
    return { table, origin: this.#transactionOrigin(), lsn, tick: this.#tick };
  }

  #transactionOrigin(): Origin {
    const begin = this.#begin as Begin;
    this.#origin ??= createOrigin({
      names: this.#settings.names,
      txId: begin.xid,
      micros: begin.micros,
      previousCommit: this.tracker.commit,
      origin: this.#replicationOrigin?.name ?? null,
      originLsn: this.#replicationOrigin?.lsn ?? null,
    });
    return this.#origin;
  }

  #insert(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const known = this.#tableOf(readUint32(bytes, at));
    if (known === null) return;
    this.#tuple.read(bytes, at + 5);
    const table = this.#fitting(known, this.#tuple);
    const row = this.#row(table, bytes, this.#tuple, null);
    this.totals.creates++;
    if (this.#seen(table, row)) return;
    const from = this.#pending.records.length;
    this.#settings.maker.insert(this.#site(table, lsn), row, this.#pending.records);
    this.#added(from, end - at);
    if (this.#filtered) this.#ask(table, row, this.#pending.records.length - from);
  }

  #update(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const known = this.#tableOf(readUint32(bytes, at));
    if (known === null) return;
    let next = at + 4;
    const kind = bytes[next];
    const old = kind === OLD_KEY || kind === OLD_ROW;
    if (old) next = this.#oldTuple.read(bytes, next + 1);
    this.#tuple.read(bytes, next + 1);
    let table = this.#fitting(known, this.#tuple);
    if (kind === OLD_ROW) table = this.#fitting(known, this.#oldTuple);
    const before = old ? this.#row(table, bytes, this.#oldTuple, null) : null;
    const whole = kind === OLD_ROW ? before : null;
    const after = this.#row(table, bytes, this.#tuple, this.#tuple.unchanged > 0 ? whole : null);
    this.totals.updates++;
    const { maker } = this.#settings;
    const { records } = this.#pending;
    const site = this.#site(table, lsn);
    const from = records.length;
    if (!maker.isKeyChange(table, before, after)) {
      if (this.#seen(table, after)) return;
      maker.update(site, whole, after, records);
      if (this.#filtered) this.#ask(table, after, records.length - from);
    } else if (this.#filtered) this.#filteredKeyChange(site, before as RowStruct, after);
    else maker.update(site, before, after, records);
    this.#added(from, end - at);
  }

  /** The chunks of the old key and of the new one may not have seen the same. */
  #filteredKeyChange(site: ChangeSite, before: RowStruct, after: RowStruct): void {
    const { records } = this.#pending;
    const made: SourceRecord[] = [];
    this.#settings.maker.update(site, before, after, made);
    const created = made.pop();
    if (created === undefined) return;
    if (!this.#seen(site.table, before)) {
      records.push(...made);
      this.#ask(site.table, before, made.length);
    }
    if (this.#seen(site.table, after)) return;
    records.push(created);
    this.#ask(site.table, after, 1);
  }

  #delete(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const known = this.#tableOf(readUint32(bytes, at));
    if (known === null) return;
    this.#tuple.read(bytes, at + 5);
    const table = bytes[at + 4] === OLD_ROW ? this.#fitting(known, this.#tuple) : (known.table as Table);
    const row = this.#row(table, bytes, this.#tuple, null);
    this.totals.deletes++;
    if (this.#seen(table, row)) return;
    const from = this.#pending.records.length;
    this.#settings.maker.delete(this.#site(table, lsn), row, this.#pending.records);
    this.#added(from, end - at);
    if (this.#filtered) this.#ask(table, row, this.#pending.records.length - from);
  }

  #truncate(oids: readonly number[], lsn: Lsn): void {
    for (const oid of oids) {
      const table = this.#tableOf(oid)?.table;
      if (!table) continue;
      this.totals.others++;
      if (this.#filtered && this.#filter?.judgeTruncate(table, (this.#begin as Begin).xid)) continue;
      const from = this.#pending.records.length;
      this.#settings.maker.truncate(this.#site(table, lsn), this.#pending.records);
      this.#added(from, 16);
    }
  }

  #logical(bytes: Buffer, at: number, end: number): void {
    const message = readLogicalMessage(bytes, at);
    const { messages, names } = this.#settings;
    if (message.transactional && !this.#counts(message.lsn, 'MESSAGE')) return;
    if (message.prefix !== HEARTBEAT_MESSAGE && this.#settings.includesMessage(message.prefix)) {
      const origin = message.transactional
        ? this.#transactionOrigin()
        : createOrigin({
            names,
            txId: null,
            micros: this.totals.lastCommitMicros || this.#tick.micros,
            previousCommit: this.tracker.commit,
          });
      const from = this.#pending.records.length;
      this.totals.others++;
      this.#pending.records.push(
        messageRecord(messages.topic, new MessageValue(messages, origin, message, this.#tick)),
      );
      this.#added(from, end - at);
    }
    if (message.transactional) return;
    // Outside of transactions it stands alone: the next thing begins behind it.
    this.#pending.commit();
    this.tracker.moved(message.lsn + 1);
  }

  #row(table: Table, bytes: Buffer, { page, base }: TupleReader, before: RowStruct | null): RowStruct {
    return new RowStruct(table.row, bytes, page, base, before);
  }

  #added(from: number, bytes: number): void {
    this.#pending.bytes += bytes;
    if (this.#skipping && this.#wasWritten()) this.#pending.discard(this.#pending.records.length - from);
  }

  /** Whether a chunk is known to have seen the change. */
  #seen(table: Table, row: RowStruct): boolean {
    return this.#filtered && this.#filter?.judge(table, (this.#begin as Begin).xid, row) === true;
  }

  #ask(table: Table, row: RowStruct, count: number): void {
    const verdict = this.#filter?.judge(table, (this.#begin as Begin).xid, row);
    if (verdict !== undefined) this.#pending.ask(verdict, count);
  }

  /**
   * The table in a version that takes the tuple: the catalogue's NOT NULL may be newer than a row with a null there.
   */
  #fitting(known: Known, tuple: TupleReader): Table {
    const table = known.table as Table;
    if (tuple.nulls === 0) return table;
    const offending = table.required.filter(column => tuple.page[tuple.base + 2 * column] === IS_NULL);
    if (offending.length === 0) return table;
    for (const column of offending) known.nullable.add(known.relation.columns[column]?.name ?? '');
    known.table = this.#build(known);
    return known.table;
  }

  #build({ relation, facts, types, nullable }: Omit<Known, 'table'>): Table {
    return buildTable(relation, facts, types, this.#settings.schemas, nullable);
  }

  /** A table is new or has changed: its schemas are made, or kept where nothing that matters to them is different. */
  async #describe(relation: Relation): Promise<void> {
    const before = this.#known.get(relation.oid);
    if (!this.#settings.captures(relation.schema, relation.table)) {
      this.#known.set(relation.oid, { relation, facts: undefined, types: new Map(), nullable: new Set(), table: null });
      return;
    }
    const facts = await this.#catalog.table(relation.oid);
    const types = await this.#catalog.types(relation.columns.map(column => column.type));
    const made = { relation, facts: facts ?? before?.facts, types, nullable: new Set<string>() };
    const table = this.#build(made);
    const known = { ...made, table };
    if (before?.table && sameTable(before, known)) known.table = before.table;
    this.#known.set(relation.oid, known);
  }

  async #take(): Promise<SourceBatch | null> {
    const due = this.#settings.due();
    const pending = this.#pending;
    const cut = pending.complete === 0 && pending.bytes >= this.#settings.maxBatchBytes;
    const moved = this.tracker.behind && (pending.complete > 0 || this.#idleIsDue());
    if (!cut && !moved && due.length === 0) return null;
    const taken = await pending.take(cut, this.#filter);
    if (cut && this.#skipping && this.#wasWritten()) return null;
    if (cut) this.#partial = { xid: (this.#begin as Begin).xid, lsn: this.#lsn, events: this.#eventsAtLsn };
    this.#idleSince = performance.now();
    this.#asked = false;
    const records = due.length === 0 ? taken.records : [...taken.records, ...due];
    const positions = [this.#position(), ...this.#passedChunks()];
    return new StreamBatch(records, positions, taken.bytes, this.tracker.commit);
  }

  /** While a part of a transaction has been written, every position says how large it is. */
  #position(): SourcePosition {
    if (this.#partial === null) return this.tracker.atCommit();
    return this.tracker.inside(this.#partial, this.#begin?.micros ?? this.totals.lastCommitMicros, this.#lastKind);
  }

  /** Nothing of ours happens, but the log grows: its position is written now and then, so that the server may drop it. */
  #idleIsDue(): boolean {
    if (this.#pending.records.length > 0) return false;
    return this.#asked || performance.now() - this.#idleSince >= this.#settings.idleMs;
  }

  #passedChunks(): readonly SourcePosition[] {
    if (this.#filter === null || this.tracker.commit < this.#filter.end) return [];
    this.#filter = null;
    return this.#settings.passed();
  }
}

/** Whether two descriptions make the same schemas. */
function sameTable(a: Known, b: Known): boolean {
  const text = ({ relation, facts, types }: Known) =>
    JSON.stringify([relation, facts?.columns, facts?.indexes, relation.columns.map(column => types.get(column.type))]);
  return a.nullable.size === 0 && text(a) === text(b);
}
