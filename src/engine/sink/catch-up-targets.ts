import type { FetchedRecords } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';

/** Offsets at which a task has caught up, for the partitions that have not reached theirs. */
export class CatchUpTargets {
  readonly #targets: Map<string, number>;

  /** targets: by partition name. */
  constructor(targets: ReadonlyMap<string, number>) {
    this.#targets = new Map(targets);
  }

  get isReached(): boolean {
    return this.#targets.size === 0;
  }

  /** Removes the partitions that reached their target. Returns true when none is left. */
  advance(fetched: readonly FetchedRecords[]): boolean {
    for (const part of fetched) {
      const name = partitionName(part);
      if (part.next >= (this.#targets.get(name) ?? 0)) this.#targets.delete(name);
    }
    return this.isReached;
  }
}
