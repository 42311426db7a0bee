import { Bytes } from '../../../src/api/index.ts';

/** One bulk request in the making: its lines, and which of them are whose. */
export class Bulk {
  readonly bytes = new Bytes(64 * 1024);
  /** By item: the record's place in its batch. */
  readonly records: number[] = [];
  /** By item: the document's id, '' where no other record has it. Empty where the server keeps the order of changes. */
  readonly ids: string[] = [];
  /** By item: the byte behind its lines. */
  readonly #ends: number[] = [];

  /** Empty again, with the memory that it has. */
  reset(): this {
    this.bytes.reset();
    this.records.length = 0;
    this.ids.length = 0;
    this.#ends.length = 0;
    return this;
  }

  /** The lines written since the last item are this record's. */
  end(record: number, id: string | undefined): void {
    this.records.push(record);
    if (id !== undefined) this.ids.push(id);
    this.#ends.push(this.bytes.length);
  }

  /** Takes back the lines since the last item. */
  undo(): void {
    this.bytes.length = this.#ends.at(-1) ?? 0;
  }

  /** The lines of some items, in their order; a view where they are one piece. */
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
