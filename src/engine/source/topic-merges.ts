import type { Log } from '../../api/index.ts';

/**
 * Warns, once for each topic, that transforms send records of several topics of the source to it: a router that merges the
 * tables of several servers is meant to, one that merges different tables mixes rows whose keys are equal.
 */
export class TopicMerges {
  readonly #log: Log;
  /** By topic, the first of the source's topics that was sent to it. */
  readonly #first = new Map<string, string>();
  readonly #warned = new Set<string>();
  /** Topics of the last record. */
  #from = '';
  #to = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** from: the topic that the source gave the record. to: the one that it goes to. */
  note(from: string, to: string): void {
    if (from === this.#from && to === this.#to) return;
    this.#from = from;
    this.#to = to;
    const first = this.#first.get(to);
    if (first === undefined) this.#first.set(to, from);
    else if (first !== from && !this.#warned.has(to)) {
      this.#warned.add(to);
      this.#log.warn(
        { topic: to, from: [first, from] },
        'transforms send records of several topics to one: rows of different tables that have the same key replace each ' +
          'other there, in sinks and by compaction. If that is not meant, route them to topics of their own',
      );
    }
  }

  /** Topics that are not written any more take no memory. */
  forget(): void {
    this.#first.clear();
    this.#from = '';
  }
}
