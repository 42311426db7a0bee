import type { SinkRecord } from '../../../src/api/index.ts';
import type { Row } from './change-reader.ts';
import type { KeyChange } from './key-changes.ts';
import { PendingRows } from './pending-rows.ts';
import type { KeyChangeSet, RowSet } from './row-set.ts';
import type { Rekeying } from './sql.ts';
import { intersectMasks, type Key, type Mask, type WritePlan } from './write-plan.ts';

/** A slot is one number: the index of its PendingRows times this, plus the row's position there. Usually a small integer. */
const SLOT_STRIDE = 2 ** 32;

/** Changes of one segment to one table. */
export class TableChanges {
  readonly #writes: PendingRows[] = [];
  readonly #writeSlots = new Map<Key, number>();
  readonly #deletes: PendingRows[] = [];
  readonly #deletedKeys = new Set<Key>();
  readonly keyChanges: (KeyChangeSet & { readonly changes: KeyChange[] })[] = [];
  readonly #rekeyedKeys = new Set<Key>();
  /** Keys of this segment by normalized form: equal keys of citext or of a collation may differ in bytes. */
  readonly #spellings = new Map<string, Key>();
  truncated = false;

  append(plan: WritePlan, mask: Mask, record: SinkRecord, row: Row, index: number): number {
    const list = pendingRowsFor(this.#writes, plan, mask);
    return list * SLOT_STRIDE + (this.#writes[list] as PendingRows).add(record, row, index);
  }

  hasWrite(key: Key): boolean {
    return this.#writeSlots.has(key);
  }

  /** Appends the first write of a key. */
  appendKey(key: Key, plan: WritePlan, mask: Mask, record: SinkRecord, row: Row, index: number): void {
    this.#writeSlots.set(key, this.append(plan, mask, record, row, index));
  }

  /** Replaces an earlier write of the key. Returns false if the earlier one has columns that this one lacks. */
  write(key: Key, plan: WritePlan, mask: Mask, record: SinkRecord, row: Row, index: number): boolean {
    const slot = this.#writeSlots.get(key);
    if (slot === undefined) {
      this.appendKey(key, plan, mask, record, row, index);
      return true;
    }
    const earlier = this.#writes[Math.floor(slot / SLOT_STRIDE)] as PendingRows;
    const position = slot % SLOT_STRIDE;
    if (earlier.plan !== plan && !(mask === '' && plan.covers(earlier.plan))) return false;
    // Values that the later row lacks come from the earlier one, which may lack them too.
    const mergedMask = mask === '' ? '' : intersectMasks(mask, earlier.mask);
    const merged = mask === '' ? row : plan.merge(row, mask, earlier.rows[position] as Row);
    if (earlier.plan === plan && mergedMask === earlier.mask) earlier.replace(position, record, merged, index);
    else {
      earlier.removeAt(position);
      this.appendKey(key, plan, mergedMask, record, merged, index);
    }
    return true;
  }

  /** True if this segment has a key of the same normalized form with other bytes. */
  hasOtherSpelling(normalized: string, key: Key): boolean {
    const first = this.#spellings.get(normalized);
    if (first === undefined) this.#spellings.set(normalized, key);
    return first !== undefined && first !== key;
  }

  /** True if the key is the old or the new one of a key change of this segment. */
  rekeys(key: Key): boolean {
    return this.#rekeyedKeys.size > 0 && this.#rekeyedKeys.has(key);
  }

  rekey(old: Key, key: Key, plan: WritePlan, rekeying: Rekeying, change: KeyChange): void {
    this.#rekeyedKeys.add(old).add(key);
    const same = this.keyChanges.find(each => each.plan === plan && each.rekeying === rekeying);
    if (same === undefined) this.keyChanges.push({ plan, rekeying, changes: [change] });
    else same.changes.push(change);
  }

  delete(key: Key, plan: WritePlan, record: SinkRecord, index: number): void {
    const slot = this.#writeSlots.get(key);
    if (slot !== undefined) {
      (this.#writes[Math.floor(slot / SLOT_STRIDE)] as PendingRows).removeAt(slot % SLOT_STRIDE);
      this.#writeSlots.delete(key);
    }
    if (this.#deletedKeys.has(key)) return;
    this.#deletedKeys.add(key);
    (this.#deletes[pendingRowsFor(this.#deletes, plan, '')] as PendingRows).add(record, null, index);
  }

  truncate(): void {
    this.truncated = true;
    this.#writes.length = 0;
    this.#writeSlots.clear();
    this.#deletes.length = 0;
    this.#deletedKeys.clear();
    this.keyChanges.length = 0;
    this.#rekeyedKeys.clear();
    this.#spellings.clear();
  }

  get deletes(): readonly RowSet[] {
    return this.#deletes.map(pending => pending.finish());
  }
  get writes(): readonly RowSet[] {
    return this.#writes.map(pending => pending.finish());
  }
}

/** Index of the rows of a plan and a mask, which are added if missing. */
function pendingRowsFor(list: PendingRows[], plan: WritePlan, mask: Mask): number {
  const last = list.length - 1;
  const latest = list[last];
  if (latest !== undefined && latest.plan === plan && latest.mask === mask) return last;
  const index = list.findIndex(pending => pending.plan === plan && pending.mask === mask);
  return index >= 0 ? index : list.push(new PendingRows(plan, mask)) - 1;
}
