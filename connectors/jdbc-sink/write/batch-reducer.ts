import type { Header, SinkRecord } from '../../../src/api/index.ts';
import { NEW_KEY_HEADER, OLD_KEY_HEADER } from '../../../src/debezium/names.ts';
import { DataError } from '../../../src/errors.ts';
import type { Row } from './change-reader.ts';
import { headerKey, type KeyChange, keyHeader, keyOfValues, keyValues } from './key-changes.ts';
import type { Segment } from './row-set.ts';
import type { Rekeying } from './sql.ts';
import { TableChanges } from './table-changes.ts';
import type { Key, Mask, WritePlan } from './write-plan.ts';

/** Delete event of a row whose key changes. */
interface Deletion {
  readonly key: Key;
  readonly plan: WritePlan;
  readonly record: SinkRecord;
  readonly index: number;
  readonly header: Header;
}

interface Write {
  readonly plan: WritePlan;
  readonly record: SinkRecord;
  readonly row: Row;
  readonly mask: Mask;
}

/** True if the write is the create event of the key change that the deletion belongs to. */
function isCreateEventOf({ key, plan, record }: Deletion, write: Write): boolean {
  const header = keyHeader(write.record, OLD_KEY_HEADER);
  if (header === undefined || plan.table.sql !== write.plan.table.sql) return false;
  const old = headerKey(write.plan, header);
  if (old !== undefined) return keyOfValues(plan, old) === key;
  // Without a readable key: a source writes the two events in a row, with a tombstone between them.
  const { originalTopic, originalPartition, offset } = write.record;
  return (
    originalTopic === record.originalTopic &&
    originalPartition === record.originalPartition &&
    Number(offset) - Number(record.offset) <= 2
  );
}

/**
 * Reduces a batch's changes to their final result, so that each key occurs once in a statement: a later write replaces an
 * earlier one, and a delete removes the write before it. A change that cannot be reduced starts a new segment.
 *
 * unique: writes of the same key replace each other; otherwise (plain inserts) each is a row of its own.
 *
 * rekeys: after a key change, a row retains values that its records lack. The delete event waits for the next record: if
 * that is the create event and has all values, the row is simply deleted.
 */
export class BatchReducer {
  readonly #unique: boolean;
  readonly #deletes: boolean;
  readonly #rekeys: boolean;
  #pendingDeletion: Deletion | null = null;
  readonly #segments: Segment[] = [];
  #tables = new Map<string, TableChanges>();
  #lastTable = '';
  #lastChanges: TableChanges | undefined;

  constructor(unique: boolean, deletes: boolean, rekeys: boolean) {
    this.#unique = unique;
    this.#deletes = deletes;
    this.#rekeys = rekeys;
  }

  /** Throws MissingKeyError or DataError. */
  write(plan: WritePlan, record: SinkRecord, row: Row, index: number): void {
    const mask = plan.maskOf(record, row);
    const isCreateEvent = this.#pendingDeletion !== null && this.#resolveDeletion({ plan, record, row, mask });
    if (mask !== '' && this.#rekeys && !isCreateEvent) this.#copyOldRow(plan, record, row, index);
    if (this.#unique) {
      const key = plan.keyOf(record, row);
      this.#separateSpellings(plan, key);
      if (this.#changesOf(plan).write(key, plan, mask, record, row, index)) return;
      this.#endSegment();
      this.#changesOf(plan).appendKey(key, plan, mask, record, row, index);
      return;
    }
    if (plan.keys.length === 0) {
      this.#changesOf(plan).append(plan, mask, record, row, index);
      return;
    }
    const key = plan.keyOf(record, row);
    if (!this.#deletes) {
      this.#changesOf(plan).append(plan, mask, record, row, index);
      return;
    }
    this.#separateSpellings(plan, key);
    // A second insert of the same key must reach the database, which rejects it.
    if (this.#changesOf(plan).hasWrite(key)) this.#endSegment();
    this.#changesOf(plan).appendKey(key, plan, mask, record, row, index);
  }

  /** plan: has only the key's columns. Throws MissingKeyError. */
  delete(plan: WritePlan, record: SinkRecord, index: number): void {
    const key = plan.keyOf(record, null);
    if (this.#rekeys) {
      const deletion = this.#pendingDeletion;
      // A tombstone has the headers of its delete event.
      if (deletion?.plan === plan && deletion.key === key) return;
      this.#resolveDeletion(null);
      const header = keyHeader(record, NEW_KEY_HEADER);
      if (header !== undefined) {
        this.#pendingDeletion = { key, plan, record, index, header };
        return;
      }
    }
    this.#delete(key, plan, record, index);
  }

  #delete(key: Key, plan: WritePlan, record: SinkRecord, index: number): void {
    this.#separateSpellings(plan, key);
    if (this.#changesOf(plan).rekeys(key)) this.#endSegment();
    this.#changesOf(plan).delete(key, plan, record, index);
  }

  /**
   * Applies the pending deletion. Without the create event, the row gets its new key, so that the create event, in a later
   * batch or another task, finds the values that it may lack. Returns true if `write` is the create event.
   */
  #resolveDeletion(write: Write | null): boolean {
    const deletion = this.#pendingDeletion;
    if (deletion === null) return false;
    this.#pendingDeletion = null;
    const { key, plan, record, index, header } = deletion;
    const createEvent = write !== null && isCreateEventOf(deletion, write) ? write : null;
    const values =
      createEvent === null ? headerKey(plan, header) : keyValues(createEvent.plan, createEvent.record, createEvent.row);
    if (values === undefined || createEvent?.mask === '') this.#delete(key, plan, record, index);
    else this.#rekey(plan, 'move', { record, index, old: keyValues(plan, record, null), new: values });
    return createEvent !== null;
  }

  /** Copies the old row for a create event whose delete event has not been processed, or belongs to another task. */
  #copyOldRow(plan: WritePlan, record: SinkRecord, row: Row, index: number): void {
    const header = keyHeader(record, OLD_KEY_HEADER);
    if (header === undefined) return;
    const old = headerKey(plan, header);
    if (old === undefined)
      throw new DataError(
        `The key of a row has changed, and unchanged values were not sent; they cannot be copied from the old row, ` +
          `as its key cannot be read from the header ${OLD_KEY_HEADER}. Set header.converter to org.apache.kafka.connect.json.JsonConverter ` +
          'for the source and the sink.',
      );
    this.#rekey(plan, this.#deletes ? 'copy' : 'replace', {
      record,
      index,
      old,
      new: keyValues(plan, record, row),
    });
  }

  /** Starts a new segment if this one has an equal key of other bytes. */
  #separateSpellings(plan: WritePlan, key: Key): void {
    const normalized = plan.normalizedKey(key);
    if (normalized === undefined || !this.#changesOf(plan).hasOtherSpelling(normalized, key)) return;
    this.#endSegment();
    this.#changesOf(plan).hasOtherSpelling(normalized, key);
  }

  #rekey(plan: WritePlan, rekeying: Rekeying, change: KeyChange): void {
    const old = keyOfValues(plan, change.old);
    const key = keyOfValues(plan, change.new);
    this.#separateSpellings(plan, old);
    this.#separateSpellings(plan, key);
    const changes = this.#changesOf(plan);
    if ([old, key].some(each => changes.hasWrite(each) || changes.rekeys(each))) this.#endSegment();
    this.#changesOf(plan).rekey(old, key, plan, rekeying, change);
  }

  truncate(plan: WritePlan): void {
    this.#resolveDeletion(null);
    this.#changesOf(plan).truncate();
  }

  finish(): readonly Segment[] {
    this.#resolveDeletion(null);
    this.#endSegment();
    return this.#segments;
  }

  #changesOf({ table }: WritePlan): TableChanges {
    if (this.#lastChanges !== undefined && this.#lastTable === table.sql) return this.#lastChanges;
    let changes = this.#tables.get(table.sql);
    if (changes === undefined) {
      changes = new TableChanges();
      this.#tables.set(table.sql, changes);
    }
    this.#lastChanges = changes;
    this.#lastTable = table.sql;
    return changes;
  }

  #endSegment(): void {
    if (this.#tables.size === 0) return;
    const tables = [...this.#tables];
    this.#segments.push({
      truncatedTables: tables.flatMap(([sql, changes]) => (changes.truncated ? [sql] : [])),
      deletes: tables.flatMap(([, changes]) => changes.deletes),
      keyChanges: tables.flatMap(([, changes]) => changes.keyChanges),
      writes: tables.flatMap(([, changes]) => changes.writes),
    });
    this.#tables = new Map();
    this.#lastChanges = undefined;
  }
}
