import type { TransactionalProducer } from '../../kafka/port.ts';
import type { SourceRunContext } from './source-run.ts';

/** Milliseconds after which topics are looked up again, as they may have been deleted. */
const RECHECK_MS = 600_000;

/** Creates the topics that a task writes to, and knows those that exist. */
export class TopicCreation {
  readonly #run: SourceRunContext;
  readonly #producer: TransactionalProducer;
  readonly #ensured = new Set<string>();
  #recheckAt = performance.now() + RECHECK_MS;

  constructor(run: SourceRunContext, producer: TransactionalProducer) {
    this.#run = run;
    this.#producer = producer;
  }

  has(topic: string): boolean {
    return this.#ensured.has(topic);
  }

  /** Creates missing topics and prepares the producer for all of them. KAFKA_UNAVAILABLE, SOURCE_SETUP. */
  async ensure(names: readonly string[]): Promise<void> {
    const { kafka, topics, observer } = this.#run;
    const newTopics = names.map(name => topics.newTopic(name)).filter(topic => topic !== null);
    if (newTopics.length > 0) await kafka.admin.createTopics(newTopics);
    await this.#producer.prepare(names);
    for (const name of names) {
      this.#ensured.add(name);
      observer.topic?.(name);
    }
  }

  /** Discards all topics when it is time to look them up again. Returns true then. */
  expireIfDue(): boolean {
    if (performance.now() < this.#recheckAt) return false;
    this.#ensured.clear();
    this.#recheckAt = performance.now() + RECHECK_MS;
    return true;
  }
}
