import { addAbortListener } from 'node:events';
import type { AssignedPartition, SinkPosition, TopicPartition } from '../../api/index.ts';
import { messageOf } from '../../errors.ts';
import type { PartitionOffset } from '../../kafka/port.ts';
import { untilAborted } from '../grace.ts';
import { partitionName } from '../partition-name.ts';
import { formatOffsetMetadata } from './offset-metadata.ts';
import type { SinkRunContext } from './sink-run.ts';

/** Milliseconds for the last commit of a task that is stopped, as Kafka may be the reason of the stop. */
const LAST_COMMIT_MS = 1500;

/**
 * Commits the positions of a sink task to its consumer group, for monitoring tools and for sinks that store no positions. A
 * failed commit is repeated later.
 */
export class GroupOffsetCommitter {
  readonly #run: SinkRunContext;
  readonly #topicIds: ReadonlyMap<string, string>;
  readonly #uncommitted = new Map<string, PartitionOffset>();
  #lastCommitAt = performance.now();
  /** The commits so far, one after the other. */
  #commits: Promise<void> = Promise.resolve();
  /** Deadline of the last commit; undefined while the task runs. */
  #deadline: AbortSignal | undefined;

  constructor(run: SinkRunContext, assigned: readonly AssignedPartition[], stored: readonly SinkPosition[]) {
    this.#run = run;
    this.#topicIds = new Map(assigned.map(({ topic, topicId }) => [topic, topicId]));
    // The sink's positions are ahead of the group's if an earlier task was killed between the write and the commit.
    const names = new Set(assigned.map(partitionName));
    this.advance(stored.filter(position => names.has(partitionName(position))));
  }

  /** Records positions for the next commit. */
  advance(positions: readonly (TopicPartition & { readonly next: number })[]): void {
    for (const { topic, partition, next } of positions)
      this.#uncommitted.set(partitionName({ topic, partition }), { topic, partition, offset: next });
  }

  /** Starts a commit if the commit interval has passed. */
  commitIfDue(): void {
    if (performance.now() - this.#lastCommitAt < this.#run.limits.commitMs) return;
    this.#lastCommitAt = performance.now();
    this.#commits = this.#commits.then(() => this.#commit());
  }

  /**
   * Commits what is left. After a stop it waits for LAST_COMMIT_MS only, and cancels the commit then: a later one could
   * replace an offset that the task's successor has committed.
   */
  async commitLast(): Promise<void> {
    const { signal, log } = this.#run;
    const deadline = new AbortController();
    this.#deadline = deadline.signal;
    let timer: NodeJS.Timeout | undefined;
    const listener = addAbortListener(signal, () => {
      timer = setTimeout(
        () => deadline.abort(new Error(`Kafka did not respond within ${LAST_COMMIT_MS} ms`)),
        LAST_COMMIT_MS,
      );
    });
    const lastCommit = this.#commits.then(() => this.#commit());
    try {
      await untilAborted(deadline.signal, lastCommit);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the last group offsets were not committed');
    } finally {
      clearTimeout(timer);
      listener[Symbol.dispose]();
    }
  }

  async #commit(): Promise<void> {
    if (this.#uncommitted.size === 0) return;
    const { kafka, group, log } = this.#run;
    const offsets = [...this.#uncommitted.values()].map(offset => ({
      ...offset,
      metadata: formatOffsetMetadata(this.#run, this.#topicIds.get(offset.topic) ?? ''),
    }));
    this.#uncommitted.clear();
    try {
      await kafka.admin.commitGroupOffsets({ group, offsets }, this.#confirm);
    } catch (error) {
      if (this.#deadline?.aborted) return;
      for (const offset of offsets)
        if (!this.#uncommitted.has(partitionName(offset))) this.#uncommitted.set(partitionName(offset), offset);
      log.warn({ reason: messageOf(error) }, 'the group offsets could not be committed and are committed again later');
    }
  }

  readonly #confirm = (): Promise<void> | undefined => {
    if (this.#deadline?.aborted) return Promise.reject(this.#deadline.reason);
    return this.#run.confirm?.();
  };
}
