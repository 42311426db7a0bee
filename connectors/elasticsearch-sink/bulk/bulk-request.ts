import { Bytes } from '../../../src/api/index.ts';

/** Body of a bulk request, with the record of each item. */
export class BulkRequest {
  readonly bytes = new Bytes(64 * 1024);
  /** Index of the record in its batch, by item. */
  readonly records: number[] = [];
  /** Document id by item, '' if no other record has it. Empty if versions order the changes. */
  readonly ids: string[] = [];
  /** End of the lines of each item, in bytes. */
  readonly #ends: number[] = [];

  /** Empties the request; retains its memory. */
  reset(): this {
    this.bytes.reset();
    this.records.length = 0;
    this.ids.length = 0;
    this.#ends.length = 0;
    return this;
  }

  /** Ends an item: the lines written since the previous one belong to this record. */
  endItem(record: number, id: string | undefined): void {
    this.records.push(record);
    if (id !== undefined) this.ids.push(id);
    this.#ends.push(this.bytes.length);
  }

  /** Removes the lines written since the last item. */
  undoItem(): void {
    this.bytes.length = this.#ends.at(-1) ?? 0;
  }

  /** Lines of the items, in order; a view if they are contiguous. */
  lines(items: readonly number[]): Buffer {
    const all = this.bytes.view();
    const first = items[0] ?? 0;
    const last = items.at(-1) ?? 0;
    if (last - first + 1 === items.length) return all.subarray(this.#start(first), this.#ends[last]);
    return Buffer.concat(items.map(item => all.subarray(this.#start(item), this.#ends[item])));
  }

  #start(item: number): number {
    return item === 0 ? 0 : (this.#ends[item - 1] as number);
  }
}
