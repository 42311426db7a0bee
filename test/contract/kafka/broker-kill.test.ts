import { describe, expect, test } from 'vitest';
import { startBroker } from '../../support/broker.ts';
import { eventually } from '../../support/eventually.ts';
import { append, bench, copies, implementations, type Read, values } from './clients.ts';
import { numbers, writeExactlyOnce } from './exactly-once.ts';

const total = 12_000;

describe.each(implementations)('a broker killed with -9, $name', implementation => {
  test('and started again, twice, under writers and a reader: nothing is lost, nothing doubled, order kept', async () => {
    await using broker = await startBroker();
    await using b = bench(implementation, broker.address);
    const topics = [await b.topic(), await b.topic()];
    const progress = topics.map(() => 0);
    let writing = true;
    const writers = Promise.all(
      topics.map((topic, i) =>
        writeExactlyOnce(
          implementation.connect(broker.address, 3000),
          topic,
          `writer-${i}`,
          { total, each: 50, group: `group-${i}`, timeoutMs: 10_000 },
          position => {
            progress[i] = position;
          },
        ),
      ),
    ).finally(() => {
      writing = false;
    });
    const [first = ''] = topics;
    const reading = readThroughout(first);

    for (const share of [0.2, 0.6]) {
      await eventually('the writers are on their way', () => progress.every(p => p >= total * share), { every: 5 });
      expect(writing).toBe(true);
      await broker.kill9();
      await broker.restart();
    }
    const outcomes = await writers;
    for (const { failures } of outcomes)
      for (const code of failures) expect(['KAFKA_UNAVAILABLE', 'COMMIT_UNKNOWN', 'FENCED']).toContain(code);
    for (const topic of topics) expect(values(await b.read(topic))).toEqual(numbers(total));
    expect(values(await reading)).toEqual(numbers(total));
    for (const [i, topic] of topics.entries())
      await eventually('the offset is committed', async () => {
        const [committed] = await b.client.admin.groupOffsets(`group-${i}`, [{ topic, partition: 0 }]);
        return committed?.offset === total;
      });

    /** A reader that opens again where it was, whenever it is told that Kafka is away. */
    async function readThroughout(topic: string): Promise<Read[]> {
      const read: Read[] = [];
      let next = 0;
      for (const client = implementation.connect(broker.address, 3000); read.length < total; ) {
        try {
          const assigned = [{ topic, partition: 0, offset: next }];
          const reader = await client.reader({
            assigned,
            maxBytes: 1 << 20,
            maxPartitionBytes: 1 << 20,
            maxWaitMs: 200,
          });
          while (read.length < total)
            for (const fetched of await reader.poll()) {
              read.push(...copies(fetched));
              next = fetched.next;
            }
          await client.close();
        } catch (error) {
          expect(error).toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
        }
      }
      return read;
    }
  }, 180_000);

  test('is waited for by one transaction, which then commits or says what became of it', async () => {
    await using broker = await startBroker();
    await using b = bench(implementation, broker.address);
    const topic = await b.topic();
    const client = implementation.connect(broker.address, 2000);
    const options = { transactionalId: 'waits', compression: 'none', transactionTimeoutMs: 60_000 } as const;
    const producer = await client.producer(options);
    await producer.prepare([topic]);
    const batch = producer.batch();
    append(batch, topic, { value: 'through' });
    await broker.kill9();
    const committing = producer.commit(batch);
    committing.catch(() => {});
    await broker.restart();
    await committing;
    expect(values(await b.read(topic))).toEqual(['through']);
    await client.close();
  }, 120_000);
});
