import { Envelope } from '../../../src/cdc/record/envelope.ts';
import { type ReadTime, readTimeNow } from '../../../src/cdc/record/read-time.ts';
import type { ChangeSite, RecordBuilder } from '../../../src/cdc/record/record-builder.ts';
import { ColumnOffsets, IS_NULL, IS_UNCHANGED, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import type { PendingRecords } from '../../../src/cdc/stream/pending-records.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Described, DescribedTables } from '../catalog/described-tables.ts';
import type { Relation } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import { type Lsn, readUint32 } from '../position/lsn.ts';
import type { PartialTransaction } from '../position/offsets.ts';
import type { PositionTracker } from '../position/position-tracker.ts';
import type { ResumeCheck } from '../position/resume-check.ts';
import type { SeenDecision, SeenFilter, SeenQuery } from '../snapshot/seen-filter.ts';
import { PostgresSource, type SourceIdentity } from '../source-info.ts';
import { type MessageFormat, MessageValue, messageRecord } from './logical-message.ts';
import type { IncompleteRow, KeyedRow } from './missing-values.ts';
import { OpenTransaction } from './open-transaction.ts';
import { isOwnMessage } from './own-messages.ts';
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

export interface DecoderSettings {
  readonly names: SourceIdentity;
  readonly builder: RecordBuilder<Lsn>;
  readonly messages: MessageFormat;
  /** `message.prefix.include.list` and its counterpart. */
  includesMessage(prefix: string): boolean;
}

/** Totals for metrics. */
export interface StreamTotals {
  creates: number;
  updates: number;
  deletes: number;
  others: number;
  transactions: number;
  lastCommitMicros: number;
  lastXid: number;
}

/** The records that wait for their transaction's end. */
export type PendingChanges = PendingRecords<SeenQuery, KeyedRow, IncompleteRow>;

const OLD_KEY = 0x4b;
const OLD_ROW = 0x4f;
/** Size of a change without rows, in bytes. */
const TRUNCATE_BYTES = 16;

/** Decodes pgoutput's messages to records, and tracks the position of the stream. */
export class ChangeDecoder {
  readonly totals: StreamTotals = {
    creates: 0,
    updates: 0,
    deletes: 0,
    others: 0,
    transactions: 0,
    lastCommitMicros: 0,
    lastXid: 0,
  };
  /** null between transactions. */
  transaction: OpenTransaction | null = null;
  /** The part of a transaction that has been written; null: every transaction has been written completely. */
  partial: PartialTransaction | null;
  /** Changes that chunks of a snapshot may have seen; null: the stream has passed all chunks. */
  filter: SeenFilter | null;
  /** Check of transactions that the slot sends again; null: it has ended, or there are none. */
  resume: ResumeCheck | null;
  readonly #settings: DecoderSettings;
  readonly #tables: DescribedTables;
  readonly #pending: PendingChanges;
  readonly #tracker: PositionTracker;
  readonly #offsets = new ColumnOffsets();
  readonly #tuple = new TupleReader(this.#offsets);
  readonly #oldTuple = new TupleReader(this.#offsets);
  #readTime: ReadTime = readTimeNow();

  constructor(
    settings: DecoderSettings,
    tables: DescribedTables,
    pending: PendingChanges,
    tracker: PositionTracker,
    resumed: {
      readonly partial: PartialTransaction | null;
      readonly filter: SeenFilter | null;
      readonly check: ResumeCheck | null;
    },
  ) {
    this.#settings = settings;
    this.#tables = tables;
    this.#pending = pending;
    this.#tracker = tracker;
    this.partial = resumed.partial;
    this.filter = resumed.filter;
    this.resume = resumed.check;
  }

  /** Sets the read time of the changes that follow. */
  refreshReadTime(): void {
    this.#readTime = readTimeNow();
  }

  /** Decodes one message, its type at `at`. Returns a relation that must be described before the next message. */
  message(bytes: Buffer, at: number, end: number, lsn: Lsn): Relation | undefined {
    switch (bytes[at]) {
      case Message.insert:
        if (this.#accepts(lsn, 'INSERT')) this.#insert(bytes, at + 1, end, lsn);
        break;
      case Message.update:
        if (this.#accepts(lsn, 'UPDATE')) this.#update(bytes, at + 1, end, lsn);
        break;
      case Message.delete:
        if (this.#accepts(lsn, 'DELETE')) this.#delete(bytes, at + 1, end, lsn);
        break;
      case Message.begin:
        this.#begin(readBegin(bytes, at + 1), lsn);
        break;
      case Message.commit:
        this.#commit(readCommitEnd(bytes, at + 1));
        break;
      case Message.relation:
        return readRelation(bytes, at + 1);
      case Message.truncate:
        if (this.#accepts(lsn, 'TRUNCATE')) this.#truncate(readTruncated(bytes, at + 1), lsn);
        break;
      case Message.logical:
        this.#logical(bytes, at + 1, end);
        break;
      case Message.origin:
        this.#open.replicatedFrom = readOrigin(bytes, at + 1);
        break;
      case Message.type:
        break;
      default:
        throw new MillraceError('SOURCE_PROTOCOL', `pgoutput sent a message that is not known: ${bytes[at]}`);
    }
    return undefined;
  }

  get #open(): OpenTransaction {
    if (this.transaction !== null) return this.transaction;
    throw new MillraceError('SOURCE_PROTOCOL', 'pgoutput sent a change outside of a transaction');
  }

  #begin(begin: Begin, lsn: Lsn): void {
    const repeated = this.resume?.begin(begin) ?? false;
    this.transaction = new OpenTransaction(begin, {
      names: this.#settings.names,
      previousCommit: this.#tracker.sequence,
      filtered: this.filter !== null && begin.commitLsn < this.filter.end,
      written: this.partial,
      repeated,
    });
    if (!repeated) this.#addBoundary('BEGIN', begin, lsn);
  }

  #commit(end: Lsn): void {
    const { begin, isRepeated, isOwn } = this.#open;
    if (isRepeated) {
      this.resume?.commit(end, begin.xid);
      this.transaction = null;
      return;
    }
    this.#addBoundary('END', begin, end);
    this.#pending.commit();
    this.#tracker.advanceToCommit(end, begin.xid, begin.micros);
    if (!isOwn) this.totals.transactions++;
    this.totals.lastCommitMicros = begin.micros;
    this.totals.lastXid = begin.xid;
    if (this.partial?.xid === begin.xid) this.partial = null;
    this.transaction = null;
  }

  #addBoundary(status: 'BEGIN' | 'END', { xid, micros }: Begin, lsn: Lsn): void {
    if (this.#pending.numbersRecords) this.#pending.addBoundary({ status, id: `${xid}:${lsn}`, micros });
  }

  /** Counts a change of the open transaction; false: it was written before and is skipped. */
  #accepts(lsn: Lsn, kind: string): boolean {
    const open = this.#open;
    if (open.isRepeated) return false;
    open.count(lsn, kind);
    return open.writtenPart === null || this.#pending.numbersRecords || !open.wasWritten;
  }

  #site(table: Table, lsn: Lsn): ChangeSite<Lsn, Table> {
    return { table, source: this.#open.source, position: lsn, readTime: this.#readTime };
  }

  #insert(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const described = this.#tables.get(readUint32(bytes, at));
    if (described === null) return;
    this.#tuple.read(bytes, at + 5);
    const table = this.#tables.fitting(described, this.#tuple);
    const row = rowOf(table, bytes, this.#tuple, null);
    this.totals.creates++;
    const verdict = this.#decide(table, row);
    if (verdict === true) return;
    const from = this.#pending.records.length;
    this.#settings.builder.insert(this.#site(table, lsn), row, this.#pending.records);
    // An update after which a row passes the publication's row filter is sent as an insert.
    if (this.#tuple.unchanged > 0) this.#addIncomplete(described, table, row, null, from);
    this.#countBytes(from, end - at);
    this.#addDecision(verdict, this.#pending.records.length - from);
  }

  #update(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const described = this.#tables.get(readUint32(bytes, at));
    if (described === null) return;
    const kind = bytes[at + 4];
    const old = kind === OLD_KEY || kind === OLD_ROW;
    this.#tuple.read(bytes, old ? this.#oldTuple.read(bytes, at + 5) + 1 : at + 5);
    const table = this.#updated(described, kind === OLD_ROW);
    const before = old ? rowOf(table, bytes, this.#oldTuple, null) : null;
    const whole = kind === OLD_ROW ? before : null;
    const after = rowOf(
      table,
      bytes,
      this.#tuple,
      this.#tuple.unchanged > 0 && old ? (whole ?? keyOnly(table, bytes, this.#oldTuple)) : null,
    );
    this.totals.updates++;
    const { builder } = this.#settings;
    const site = this.#site(table, lsn);
    const from = this.#pending.records.length;
    const isIncomplete = this.#tuple.unchanged > 0 && before !== null && whole === null;
    if (before !== null && builder.isKeyChange(table, before, after)) {
      if (this.#open.isFiltered) this.#filteredKeyChange(described, site, before, after);
      else builder.update(site, before, after, this.#pending.records);
      if (isIncomplete) this.#addIncomplete(described, table, after, this.#open.begin.commitLsn, from);
      this.#countBytes(from, end - at);
    } else {
      const verdict = this.#decide(table, after);
      // The row may have moved to another chunk, if chunks are read by another key than that of the records.
      const old = before === null || verdict === false ? verdict : this.#decide(table, before);
      if (verdict === true && old === true) return;
      builder.update(site, whole, after, this.#pending.records);
      if (isIncomplete) this.#addIncomplete(described, table, after, this.#open.begin.commitLsn, from);
      this.#countBytes(from, end - at);
      if (verdict !== false) this.#pending.addDecision([verdict, old], this.#pending.records.length - from);
    }
  }

  /** Registers the last record since `from`, if it is of that row. See IncompleteRow. */
  #addIncomplete({ facts }: Described, table: Table, row: RowStruct, commitLsn: Lsn | null, from: number): void {
    const { records } = this.#pending;
    const record = records.length > from ? records.at(-1) : undefined;
    if (facts === undefined || !(record?.value instanceof Envelope) || record.value.after !== row) return;
    this.#pending.addIncomplete({ record, row, table, facts, commitLsn });
  }

  /** The version of the table that fits both tuples. */
  #updated(described: Described, wholeBefore: boolean): Table {
    if (wholeBefore) this.#tables.fitting(described, this.#oldTuple);
    return this.#tables.fitting(described, this.#tuple);
  }

  /** The chunks of the old and of the new key may have seen different states. */
  #filteredKeyChange(described: Described, site: ChangeSite<Lsn, Table>, before: RowStruct, after: RowStruct): void {
    const { records } = this.#pending;
    const { builder } = this.#settings;
    const old = this.#decide(site.table, before);
    const deletion = this.#deletion(described, site.table, before);
    if (old !== true || deletion !== null) {
      const from = records.length;
      builder.deleteOldKey(site, before, after, records);
      this.#addDecision(old, records.length - from, deletion);
    }
    const verdict = this.#decide(site.table, after);
    if (verdict === true) return;
    const from = records.length;
    builder.createNewKey(site, before, after, records);
    this.#addDecision(verdict, records.length - from);
  }

  #delete(bytes: Buffer, at: number, end: number, lsn: Lsn): void {
    const described = this.#tables.get(readUint32(bytes, at));
    if (described === null) return;
    this.#tuple.read(bytes, at + 5);
    const table = bytes[at + 4] === OLD_ROW ? this.#tables.fitting(described, this.#tuple) : described.table;
    const row = rowOf(table, bytes, this.#tuple, null);
    this.totals.deletes++;
    const verdict = this.#decide(table, row);
    const deletion = this.#deletion(described, table, row);
    if (verdict === true && deletion === null) return;
    const from = this.#pending.records.length;
    this.#settings.builder.delete(this.#site(table, lsn), row, this.#pending.records);
    this.#countBytes(from, end - at);
    this.#addDecision(verdict, this.#pending.records.length - from, deletion);
  }

  #truncate(oids: readonly number[], lsn: Lsn): void {
    for (const oid of oids) {
      const table = this.#tables.get(oid)?.table;
      if (table === undefined) continue;
      this.totals.others++;
      const { isFiltered: filtered, begin } = this.#open;
      if (filtered && this.filter?.decideTruncate(table, begin.xid)) continue;
      const from = this.#pending.records.length;
      this.#settings.builder.truncate(this.#site(table, lsn), this.#pending.records);
      this.#countBytes(from, TRUNCATE_BYTES);
    }
  }

  #logical(bytes: Buffer, at: number, end: number): void {
    const message = readLogicalMessage(bytes, at);
    if (message.transactional ? !this.#accepts(message.lsn, 'MESSAGE') : this.resume?.isRepeated(message.lsn)) return;
    const { messages, names, includesMessage } = this.#settings;
    if (isOwnMessage(message.prefix)) {
      if (message.transactional) this.#open.isOwn = true;
    } else if (includesMessage(message.prefix)) {
      const alone = {
        names,
        txId: null,
        micros: this.totals.lastCommitMicros || this.#readTime.micros,
        // Counts as committed itself.
        previousCommit: message.lsn,
      };
      const source = message.transactional ? this.#open.source : new PostgresSource(alone);
      const from = this.#pending.records.length;
      this.totals.others++;
      this.#pending.records.push(
        messageRecord(messages.topic, new MessageValue(messages, source, message, this.#readTime)),
      );
      this.#countBytes(from, end - at);
    }
    if (message.transactional) return;
    // Its LSN is the end of its record, the start of the next: a reader that starts after it skips a commit there.
    this.#pending.commit();
    this.#tracker.advanceToMessage(message.lsn);
  }

  /** Counts the bytes of a change if it has records. */
  #countBytes(from: number, bytes: number): void {
    const count = this.#pending.records.length - from;
    if (count === 0) return;
    this.#pending.bytes += bytes;
    if (this.transaction?.wasWritten) this.#pending.discard(count);
  }

  /** Adds the decision on the last records, which the server may have to answer. */
  #addDecision(verdict: SeenDecision, count: number, deletion: KeyedRow | null = null): void {
    if (verdict !== false) this.#pending.addDecision([verdict], count, deletion);
  }

  /** A deleted row of a table that was read again: it may be in the topic, although all counting chunks saw the deletion. */
  #deletion({ facts }: Described, table: Table, row: RowStruct): KeyedRow | null {
    const isReadAgain = this.#open.isFiltered && this.filter?.isReadAgain(table) === true;
    return isReadAgain && facts !== undefined ? { row, table, facts } : null;
  }

  /** Decides if the chunk of the row has seen its change. */
  #decide(table: Table, row: RowStruct): SeenDecision {
    const { isFiltered: filtered, begin } = this.#open;
    return filtered && (this.filter?.decide(table, begin.xid, row) ?? false);
  }
}

/** The row of an old tuple that has only the key: its other columns are not null but missing. */
function keyOnly(table: Table, bytes: Buffer, { page, base }: TupleReader): RowStruct {
  const columns = 2 * Math.max(0, ...table.row.fields.map(({ column }) => column + 1));
  const offsets = page.slice(base, base + columns).map(offset => (offset === IS_NULL ? IS_UNCHANGED : offset));
  return new RowStruct(table.row, bytes, offsets, 0, null);
}

const rowOf = (table: Table, bytes: Buffer, { page, base }: TupleReader, before: RowStruct | null): RowStruct =>
  new RowStruct(table.row, bytes, page, base, before);
