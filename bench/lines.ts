import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { KafkaClient } from '../src/kafka/port.ts';
import type { Count } from './contents.ts';
import { readTopic } from './topics.ts';

/** Bytes of a line, including its end. */
export const lineBytes = 100;
const atOnce = 10_000;

/** Line i, from 1: nine digits, a blank, and padding. */
const lineOf = (i: number): string => `${String(i).padStart(9, '0')} ${'x'.repeat(lineBytes - 11)}\n`;

function* blocks(lines: number): Generator<string> {
  for (let i = 1; i <= lines; ) {
    let block = '';
    for (const stop = Math.min(lines, i + atOnce - 1); i <= stop; i++) block += lineOf(i);
    yield block;
  }
}

/** A file of this many lines. */
export async function writeLines(file: string, lines: number): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (const block of blocks(lines)) await handle.write(block);
    // Flushed, so that no data is still being written when the measurement starts.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A topic of this many lines, each the value of a record without a key. */
export async function produceLines(
  kafka: KafkaClient,
  topic: string,
  lines: number,
  log: (line: string) => void,
): Promise<string> {
  log(`writing ${lines} lines to ${topic}`);
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  const producer = await kafka.producer({ transactionalId: topic, compression: 'lz4', transactionTimeoutMs: 60_000 });
  await producer.prepare([topic]);
  for (const block of blocks(lines)) {
    const batch = producer.batch();
    const bytes = Buffer.from(block);
    for (let at = 0; at < bytes.length; at += lineBytes)
      batch.append(topic, 0, null, bytes, -1, -1, at, at + lineBytes - 1, []);
    await producer.commit(batch);
  }
  await producer.close();
  return topic;
}

/** Checks lines 1 to n of a topic, in order except for duplicates. */
export async function checkLinesOf(kafka: KafkaClient, topic: string): Promise<Count> {
  const count = new LineCount();
  await readTopic(kafka, topic, 0, ({ value }) => count.add(`${value}\n`));
  return count;
}

/** Checks a file like `checkLinesOf` checks a topic. */
export async function checkLines(file: string): Promise<Count> {
  const count = new LineCount();
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text: string = rest + chunk;
    let at = 0;
    for (; at + lineBytes <= text.length; at += lineBytes) count.add(text.slice(at, at + lineBytes));
    rest = text.slice(at);
  }
  if (rest !== '') throw new Error(`${file} ends within a line`);
  return count;
}

class LineCount implements Count {
  records = 0;
  doubled = 0;
  #last = 0;

  add(line: string): void {
    const number = Number(line.slice(0, 9));
    if (line !== lineOf(number)) throw new Error(`unknown line: ${line.slice(0, 120)}`);
    this.records++;
    if (number <= this.#last) this.doubled++;
    else if (number === this.#last + 1) this.#last = number;
    else throw new Error(`line ${number} follows line ${this.#last}`);
  }
}
