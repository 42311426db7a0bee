import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClient } from '../src/kafka/port.ts';
import type { Meter, Sample } from './measure.ts';
import { endOf, readTopic } from './topics.ts';

/**
 * Milliseconds: between queries of the topic, between queries of the connector, until a topic counts as idle, and as
 * stuck.
 */
const EVERY = 20;
const CONNECTOR_EVERY = 2000;
const QUIET = 1500;
const STUCK = 120_000;

export interface DrainTimes {
  readonly firstAt: number;
  /** Time of the last record. */
  readonly last: Sample;
}

export interface DrainOptions {
  readonly topic: string;
  /** End offset of the topic before. */
  readonly from: number;
  /** Number of expected records. */
  readonly records: number;
  readonly meter: Meter;
  /** Rejects when no more records can arrive. */
  check(): Promise<unknown>;
}

/** A time and the topic's end offset then. */
interface Step {
  readonly end: number;
  readonly sample: Sample;
}

/**
 * Resolves when `records` more records are in the topic and it has been idle for a moment. Meanwhile only the end
 * offset is requested, which is cheap. Control records have offsets, too, so the records are counted afterwards, and
 * the time of the last one is looked up.
 */
export async function waitForDrain(kafka: KafkaClient, options: DrainOptions): Promise<DrainTimes> {
  const { topic, from, records, meter, check } = options;
  const steps: Step[] = [];
  let firstAt: number | undefined;
  let movedAt = performance.now();
  let checkedAt = movedAt;
  let end = from;
  for (;;) {
    const topicEnd = await endOf(kafka, topic);
    const now = performance.now();
    if (topicEnd > end) {
      end = topicEnd;
      movedAt = now;
      firstAt ??= now;
      // The last record cannot have arrived earlier.
      if (end >= from + records) steps.push({ end, sample: meter.sample() });
    } else if (now - movedAt > STUCK) {
      throw new Error(`${topic} has been idle for ${STUCK / 1000} s at ${end - from} of ${records} records`);
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

/** Offset of the nth record from `from` on; undefined if there are fewer records. */
async function offsetOfRecord(kafka: KafkaClient, topic: string, from: number, n: number): Promise<number | undefined> {
  let count = 0;
  let nthOffset: number | undefined;
  await readTopic(kafka, topic, from, ({ offset }) => {
    if (++count === n) nthOffset = offset;
  });
  return nthOffset;
}
