import type { Header, SinkRecord } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import type { Row } from './change-reader.ts';
import { headerKey, type KeyChange, keyHeader, keyOfValues, keyValues, NEW_KEY, OLD_KEY } from './key-changes.ts';
import type { Rekeying } from './sql.ts';
import { common, type Key, type Layout, type Mask } from './write-plan.ts';

/** Rows written by one statement, or a few of the same. */
export interface Rows {
  readonly layout: Layout;
  readonly mask: Mask;
  readonly records: readonly SinkRecord[];
  /** null for deletes, whose values all come from the key. */
  readonly rows: readonly (Row | null)[];
  /** Each record's place in the batch. */
  readonly places: readonly number[];
}

/** Rows of one table that get new keys, none of which occurs twice. */
export interface KeyChanges {
  readonly layout: Layout;
  readonly rekeying: Rekeying;
  readonly changes: readonly KeyChange[];
}

/** A part of a batch in which order no longer matters but for this one: truncate, delete, change keys, write. */
export interface Segment {
  readonly truncated: readonly string[];
  readonly deletes: readonly Rows[];
  readonly keyChanges: readonly KeyChanges[];
  readonly writes: readonly Rows[];
}

/** Rows being gathered. A hole is a row that a later one made needless. */
class Gathering {
  readonly layout: Layout;
  readonly mask: Mask;
  readonly records: (SinkRecord | null)[] = [];
  readonly rows: (Row | null)[] = [];
  readonly places: number[] = [];
  #holes = 0;

  constructor(layout: Layout, mask: Mask) {
    this.layout = layout;
    this.mask = mask;
  }

  add(record: SinkRecord, row: Row | null, place: number): number {
    this.records.push(record);
    this.rows.push(row);
    return this.places.push(place) - 1;
  }

  replace(at: number, record: SinkRecord, row: Row, place: number): void {
    this.records[at] = record;
    this.rows[at] = row;
    this.places[at] = place;
  }

  dig(at: number): void {
    this.records[at] = null;
    this.#holes++;
  }

  finish(): Rows {
    const { layout, mask, places, rows } = this;
    // Without holes there is nothing but records.
    const records = this.records as SinkRecord[];
    if (this.#holes === 0) return { layout, mask, records, rows, places };
    const kept = (_item: unknown, i: number) => this.records[i] !== null;
    return { layout, mask, records: records.filter(kept), rows: rows.filter(kept), places: places.filter(kept) };
  }
}

/** One number for a gathering and a place in it; small for the first one, which is mostly the only one. */
const GATHERING = 2 ** 32;

/** What one segment does to one table. */
class TableChanges {
  readonly #writes: Gathering[] = [];
  readonly #written = new Map<Key, number>();
  readonly #deletes: Gathering[] = [];
  readonly #deleted = new Set<Key>();
  readonly keyChanges: (KeyChanges & { readonly changes: KeyChange[] })[] = [];
  readonly #rekeyed = new Set<Key>();
  /** The key that this segment has, by its normalized form: equal keys of citext or a collation may differ in bytes. */
  readonly #spellings = new Map<string, Key>();
  truncated = false;

  append(layout: Layout, mask: Mask, record: SinkRecord, row: Row, place: number): number {
    const index = gatheringFor(this.#writes, layout, mask);
    return index * GATHERING + (this.#writes[index] as Gathering).add(record, row, place);
  }

  has(key: Key): boolean {
    return this.#written.has(key);
  }

  /** As the only write of its key so far. */
  appendKey(key: Key, layout: Layout, mask: Mask, record: SinkRecord, row: Row, place: number): void {
    this.#written.set(key, this.append(layout, mask, record, row, place));
  }

  /** The last write of a key takes the earlier one's place; false where it cannot, as it leaves out other columns. */
  write(key: Key, layout: Layout, mask: Mask, record: SinkRecord, row: Row, place: number): boolean {
    const slot = this.#written.get(key);
    if (slot === undefined) {
      this.appendKey(key, layout, mask, record, row, place);
      return true;
    }
    const earlier = this.#writes[Math.floor(slot / GATHERING)] as Gathering;
    const at = slot % GATHERING;
    if (earlier.layout !== layout && !(mask === '' && layout.covers(earlier.layout))) return false;
    // Where the later row lacks a value the earlier one has it, or lacks it too.
    const lacking = mask === '' ? '' : common(mask, earlier.mask);
    const merged = mask === '' ? row : layout.merged(row, mask, earlier.rows[at] as Row);
    if (earlier.layout === layout && lacking === earlier.mask) earlier.replace(at, record, merged, place);
    else {
      earlier.dig(at);
      this.appendKey(key, layout, lacking, record, merged, place);
    }
    return true;
  }

  /** True if this segment has a key with the same normalized form and other bytes. */
  isSpelledOtherwise(coarse: string, key: Key): boolean {
    const known = this.#spellings.get(coarse);
    if (known === undefined) this.#spellings.set(coarse, key);
    return known !== undefined && known !== key;
  }

  /** True if a key change of this segment has the key as its old or its new one. */
  rekeys(key: Key): boolean {
    return this.#rekeyed.size > 0 && this.#rekeyed.has(key);
  }

  rekey(old: Key, key: Key, layout: Layout, rekeying: Rekeying, change: KeyChange): void {
    this.#rekeyed.add(old).add(key);
    const same = this.keyChanges.find(each => each.layout === layout && each.rekeying === rekeying);
    if (same === undefined) this.keyChanges.push({ layout, rekeying, changes: [change] });
    else same.changes.push(change);
  }

  delete(key: Key, layout: Layout, record: SinkRecord, place: number): void {
    const slot = this.#written.get(key);
    if (slot !== undefined) {
      (this.#writes[Math.floor(slot / GATHERING)] as Gathering).dig(slot % GATHERING);
      this.#written.delete(key);
    }
    if (this.#deleted.has(key)) return;
    this.#deleted.add(key);
    (this.#deletes[gatheringFor(this.#deletes, layout, '')] as Gathering).add(record, null, place);
  }

  truncate(): void {
    this.truncated = true;
    this.#writes.length = 0;
    this.#written.clear();
    this.#deletes.length = 0;
    this.#deleted.clear();
    this.keyChanges.length = 0;
    this.#rekeyed.clear();
    this.#spellings.clear();
  }

  get deletes(): readonly Rows[] {
    return this.#deletes.map(gathering => gathering.finish());
  }
  get writes(): readonly Rows[] {
    return this.#writes.map(gathering => gathering.finish());
  }
}

function gatheringFor(list: Gathering[], layout: Layout, mask: Mask): number {
  const last = list.length - 1;
  const latest = list[last];
  if (latest !== undefined && latest.layout === layout && latest.mask === mask) return last;
  const found = list.findIndex(gathering => gathering.layout === layout && gathering.mask === mask);
  return found >= 0 ? found : list.push(new Gathering(layout, mask)) - 1;
}

/** The deletion of a row that gets a new key. */
interface Deletion {
  readonly key: Key;
  readonly layout: Layout;
  readonly record: SinkRecord;
  readonly place: number;
  readonly header: Header;
}

interface Write {
  readonly layout: Layout;
  readonly record: SinkRecord;
  readonly row: Row;
  readonly mask: Mask;
}

/** True if the write is the create event of the key change whose delete event is given. */
function isCreationOf({ key, layout, record }: Deletion, write: Write): boolean {
  const header = keyHeader(write.record, OLD_KEY);
  if (header === undefined || layout.table.sql !== write.layout.table.sql) return false;
  const old = headerKey(write.layout, header);
  if (old !== undefined) return keyOfValues(layout, old) === key;
  // Its key cannot be read: a source writes the two in a row, with a tombstone between them.
  const { originalTopic, originalPartition, offset } = write.record;
  return (
    originalTopic === record.originalTopic &&
    originalPartition === record.originalPartition &&
    Number(offset) - Number(record.offset) <= 2
  );
}

/**
 * Reduces a batch's changes to what their sequence leaves behind, so that each key occurs once in a statement:
 * a later write takes an earlier one's place, a delete takes away the write before it. What cannot be reduced so
 * begins a new segment.
 *
 * unique: whether writes of one key replace each other; where not (plain inserts), each is a row of its own.
 *
 * rekeys: a row that gets another key keeps values that its records do not have. Its deletion waits for the record behind
 * it: where that is its creation and has all values, the deletion is one like any other.
 */
export class Fold {
  readonly #unique: boolean;
  readonly #deletes: boolean;
  readonly #rekeys: boolean;
  #deletion: Deletion | null = null;
  readonly #segments: Segment[] = [];
  #tables = new Map<string, TableChanges>();
  #lastTable = '';
  #last: TableChanges | undefined;

  constructor(unique: boolean, deletes: boolean, rekeys: boolean) {
    this.#unique = unique;
    this.#deletes = deletes;
    this.#rekeys = rekeys;
  }

  /** Throws MissingKey, DataError. */
  write(layout: Layout, record: SinkRecord, row: Row, place: number): void {
    const mask = layout.maskOf(record, row);
    const isSettled = this.#deletion !== null && this.#settle({ layout, record, row, mask });
    if (mask !== '' && this.#rekeys && !isSettled) this.#copy(layout, record, row, place);
    if (this.#unique) {
      const key = layout.keyOf(record, row);
      this.#spell(layout, key);
      if (this.#changes(layout).write(key, layout, mask, record, row, place)) return;
      this.#cut();
      this.#changes(layout).appendKey(key, layout, mask, record, row, place);
      return;
    }
    if (layout.keys.length === 0) {
      this.#changes(layout).append(layout, mask, record, row, place);
      return;
    }
    const key = layout.keyOf(record, row);
    if (!this.#deletes) {
      this.#changes(layout).append(layout, mask, record, row, place);
      return;
    }
    this.#spell(layout, key);
    // A second insert of a key is the database's to refuse, not ours to hide from it.
    if (this.#changes(layout).has(key)) this.#cut();
    this.#changes(layout).appendKey(key, layout, mask, record, row, place);
  }

  /** layout: of the key's columns. Throws MissingKey. */
  delete(layout: Layout, record: SinkRecord, place: number): void {
    const key = layout.keyOf(record, null);
    if (this.#rekeys) {
      const waiting = this.#deletion;
      // A tombstone has its deletion's headers.
      if (waiting?.layout === layout && waiting.key === key) return;
      this.#settle(null);
      const header = keyHeader(record, NEW_KEY);
      if (header !== undefined) {
        this.#deletion = { key, layout, record, place, header };
        return;
      }
    }
    this.#delete(key, layout, record, place);
  }

  #delete(key: Key, layout: Layout, record: SinkRecord, place: number): void {
    this.#spell(layout, key);
    if (this.#changes(layout).rekeys(key)) this.#cut();
    this.#changes(layout).delete(key, layout, record, place);
  }

  /**
   * The deletion that waited. Without its creation the row gets its new key, so that the creation, which a later batch or
   * another task has, finds the values that it may lack. True where `write` is the creation.
   */
  #settle(write: Write | null): boolean {
    const waiting = this.#deletion;
    if (waiting === null) return false;
    this.#deletion = null;
    const { key, layout, record, place, header } = waiting;
    const created = write !== null && isCreationOf(waiting, write) ? write : null;
    const values =
      created === null ? headerKey(layout, header) : keyValues(created.layout, created.record, created.row);
    if (values === undefined || created?.mask === '') this.#delete(key, layout, record, place);
    else this.#rekey(layout, 'move', { record, place, old: keyValues(layout, record, null), new: values });
    return created !== null;
  }

  /** The creation of a row under a new key whose old row has not been deleted, or by another task. */
  #copy(layout: Layout, record: SinkRecord, row: Row, place: number): void {
    const header = keyHeader(record, OLD_KEY);
    if (header === undefined) return;
    const old = headerKey(layout, header);
    if (old === undefined)
      throw new DataError(
        `The key of a row has changed, and values that have not changed were not sent; they cannot be taken from the old row, ` +
          `as its key cannot be read from the header ${OLD_KEY}. Set header.converter to org.apache.kafka.connect.json.JsonConverter ` +
          'for the source and the sink.',
      );
    this.#rekey(layout, this.#deletes ? 'copy' : 'replace', {
      record,
      place,
      old,
      new: keyValues(layout, record, row),
    });
  }

  /** Begins a new segment where an equal key of other bytes is in this one. */
  #spell(layout: Layout, key: Key): void {
    const coarse = layout.coarse(key);
    if (coarse === undefined || !this.#changes(layout).isSpelledOtherwise(coarse, key)) return;
    this.#cut();
    this.#changes(layout).isSpelledOtherwise(coarse, key);
  }

  #rekey(layout: Layout, rekeying: Rekeying, change: KeyChange): void {
    const old = keyOfValues(layout, change.old);
    const key = keyOfValues(layout, change.new);
    this.#spell(layout, old);
    this.#spell(layout, key);
    const changes = this.#changes(layout);
    if ([old, key].some(each => changes.has(each) || changes.rekeys(each))) this.#cut();
    this.#changes(layout).rekey(old, key, layout, rekeying, change);
  }

  truncate(layout: Layout): void {
    this.#settle(null);
    this.#changes(layout).truncate();
  }

  finish(): readonly Segment[] {
    this.#settle(null);
    this.#cut();
    return this.#segments;
  }

  #changes({ table }: Layout): TableChanges {
    if (this.#last !== undefined && this.#lastTable === table.sql) return this.#last;
    let changes = this.#tables.get(table.sql);
    if (changes === undefined) {
      changes = new TableChanges();
      this.#tables.set(table.sql, changes);
    }
    this.#last = changes;
    this.#lastTable = table.sql;
    return changes;
  }

  #cut(): void {
    if (this.#tables.size === 0) return;
    const tables = [...this.#tables];
    this.#segments.push({
      truncated: tables.flatMap(([sql, changes]) => (changes.truncated ? [sql] : [])),
      deletes: tables.flatMap(([, changes]) => changes.deletes),
      keyChanges: tables.flatMap(([, changes]) => changes.keyChanges),
      writes: tables.flatMap(([, changes]) => changes.writes),
    });
    this.#tables = new Map();
    this.#last = undefined;
  }
}
