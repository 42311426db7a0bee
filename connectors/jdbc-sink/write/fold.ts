import type { SinkRecord } from '../../../src/api/index.ts';
import type { Row } from './changes.ts';
import { common, type Key, type Layout, type Mask } from './layout.ts';

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

/** A part of a batch in which order no longer matters but for this one: truncate, delete, write. */
export interface Segment {
  readonly truncated: readonly string[];
  readonly deletes: readonly Rows[];
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

/**
 * Reduces a batch's changes to what their sequence leaves behind, so that each key occurs once in a statement:
 * a later write takes an earlier one's place, a delete takes away the write before it. What cannot be reduced so
 * begins a new segment.
 *
 * unique: whether writes of one key replace each other; where not (plain inserts), each is a row of its own.
 */
export class Fold {
  readonly #unique: boolean;
  readonly #deletes: boolean;
  readonly #segments: Segment[] = [];
  #tables = new Map<string, TableChanges>();
  #lastTable = '';
  #last: TableChanges | undefined;

  constructor(unique: boolean, deletes: boolean) {
    this.#unique = unique;
    this.#deletes = deletes;
  }

  /** Throws MissingKey. */
  write(layout: Layout, record: SinkRecord, row: Row, place: number): void {
    const mask = layout.maskOf(record, row);
    if (this.#unique) {
      const key = layout.keyOf(record, row);
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
    // A second insert of a key is the database's to refuse, not ours to hide from it.
    if (this.#changes(layout).has(key)) this.#cut();
    this.#changes(layout).appendKey(key, layout, mask, record, row, place);
  }

  /** layout: of the key's columns. Throws MissingKey. */
  delete(layout: Layout, record: SinkRecord, place: number): void {
    this.#changes(layout).delete(layout.keyOf(record, null), layout, record, place);
  }

  truncate(layout: Layout): void {
    this.#changes(layout).truncate();
  }

  finish(): readonly Segment[] {
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
      writes: tables.flatMap(([, changes]) => changes.writes),
    });
    this.#tables = new Map();
    this.#last = undefined;
  }
}
