import type { Log } from '../../api/index.ts';

/**
 * Warns, once per topic, when transforms route several topics of a source to it. That is intended for equal tables of several
 * servers; rows of different tables with the same key replace each other.
 */
export class TopicMerges {
  readonly #log: Log;
  /** First source topic of each destination topic. */
  readonly #firstSource = new Map<string, string>();
  readonly #warned = new Set<string>();
  #lastFrom = '';
  #lastTo = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** from: the record's topic before the transforms. to: its topic after them. */
  add(from: string, to: string): void {
    if (from === this.#lastFrom && to === this.#lastTo) return;
    this.#lastFrom = from;
    this.#lastTo = to;
    const first = this.#firstSource.get(to);
    if (first === undefined) this.#firstSource.set(to, from);
    else if (first !== from && !this.#warned.has(to)) {
      this.#warned.add(to);
      this.#log.warn(
        { topic: to, from: [first, from] },
        'transforms route several topics to one: rows of different tables with the same key replace each other in sinks and ' +
          'by compaction. If this is not intended, route each table to its own topic',
      );
    }
  }

  /** Frees the memory of topics that are no longer written. */
  clear(): void {
    this.#firstSource.clear();
    this.#lastFrom = '';
  }
}
