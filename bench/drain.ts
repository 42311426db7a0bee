import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClient } from '../src/kafka/port.ts';
import type { Meter, Sample } from './measure.ts';
import { endOf, readTopic } from './topics.ts';

/** Milliseconds: how often the topic is asked, how often the connector, when a topic counts as quiet, and as stuck. */
const EVERY = 20;
const CONNECTOR_EVERY = 2000;
const QUIET = 1500;
const STUCK = 120_000;

export interface Arrived {
  readonly firstAt: number;
  /** When the last of the records was there. */
  readonly last: Sample;
}

export interface DrainOptions {
  readonly topic: string;
  /** The end of the topic before. */
  readonly from: number;
  /** How many records will come. */
  readonly records: number;
  readonly meter: Meter;
  /** Rejects when nothing more will come. */
  check(): Promise<unknown>;
}

/** What the topic's end was when. */
interface Step {
  readonly end: number;
  readonly sample: Sample;
}

/**
 * Resolves when `records` more records are in the topic and it has been quiet for a moment. Only its end is asked for
 * meanwhile, which costs next to nothing; as transactions' markers take up offsets too, the records are counted
 * afterwards, and the moment looked up at which the last one was in.
 */
export async function drained(kafka: KafkaClient, options: DrainOptions): Promise<Arrived> {
  const { topic, from, records, meter, check } = options;
  const steps: Step[] = [];
  let firstAt: number | undefined;
  let movedAt = performance.now();
  let checkedAt = movedAt;
  let end = from;
  for (;;) {
    const seen = await endOf(kafka, topic);
    const now = performance.now();
    if (seen > end) {
      end = seen;
      movedAt = now;
      firstAt ??= now;
      // Before that the last record cannot be in.
      if (end >= from + records) steps.push({ end, sample: meter.sample() });
    } else if (now - movedAt > STUCK) {
      throw new Error(`${topic} has been quiet for ${STUCK / 1000} s at ${end - from} of ${records} records`);
    } else if (steps.length > 0 && now - movedAt > QUIET) {
      const last = await offsetOfRecord(kafka, topic, from, records);
      const step = steps.find(({ end }) => last !== undefined && end > last);
      if (step !== undefined) return { firstAt: firstAt ?? now, last: step.sample };
    }
    if (now - checkedAt > CONNECTOR_EVERY) {
      checkedAt = now;
      await check();
    }
    await delay(EVERY);
  }
}

/** The offset of the nth record from `from` on; undefined when there are not that many. */
async function offsetOfRecord(kafka: KafkaClient, topic: string, from: number, n: number): Promise<number | undefined> {
  let count = 0;
  let found: number | undefined;
  await readTopic(kafka, topic, from, ({ offset }) => {
    if (++count === n) found = offset;
  });
  return found;
}
