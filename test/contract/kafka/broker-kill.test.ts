import { describe, expect, test } from 'vitest';
import { startBroker } from '../../support/broker.ts';
import { eventually } from '../../support/eventually.ts';
import { append, bench, type CommittedRecord, copies, implementations, values } from './clients.ts';
import { numbers, writeExactlyOnce } from './exactly-once.ts';

const patience = { within: 90_000, every: 5 };

describe.each(implementations)('a broker killed with -9, $name', implementation => {
  test('a broker restarted twice under writers and a reader loses, duplicates and reorders nothing', async () => {
    await using broker = await startBroker();
    await using b = bench(implementation, broker.address);
    const topics = [await b.topic(), await b.topic()];
    const commits = topics.map(() => 0);
    const writtenCounts = topics.map(() => 0);
    let writing = true;
    let ended = false;
    const writers = Promise.all(
      topics.map((topic, i) =>
        writeExactlyOnce(
          implementation.connect(broker.address, 5000),
          topic,
          `writer-${i}`,
          { total: Number.MAX_SAFE_INTEGER, each: 30, group: `group-${i}`, timeoutMs: 15_000 },
          position => {
            commits[i] = (commits[i] ?? 0) + 1;
            writtenCounts[i] = position;
            return writing;
          },
        ),
      ),
    );
    const [first = ''] = topics;
    const reading = readThroughout(first);
    for (const round of [1, 2, 3]) {
      const before = [...commits];
      await eventually(
        'both writers have committed',
        () => commits.every((n, i) => n > (before[i] ?? 0) + 30),
        patience,
      );
      if (round === 3) break;
      await broker.kill9();
      await broker.restart();
    }
    writing = false;
    const outcomes = await writers;
    // The open transaction at the time of the stop has been counted by now.
    ended = true;
    for (const { failures } of outcomes)
      for (const code of failures) expect(['KAFKA_UNAVAILABLE', 'COMMIT_UNKNOWN', 'FENCED']).toContain(code);
    for (const [i, topic] of topics.entries()) {
      const total = writtenCounts[i] ?? 0;
      expect(total).toBeGreaterThan(90 * 30);
      expect(values(await b.read(topic))).toEqual(numbers(total));
      await eventually('the offset is committed', async () => {
        const [committed] = await b.client.admin.groupOffsets(`group-${i}`, [{ topic, partition: 0 }]);
        return committed?.offset === total;
      });
    }
    expect(values(await reading)).toEqual(numbers(writtenCounts[0] ?? 0));

    /** A reader that reopens at its position whenever Kafka is unavailable. */
    async function readThroughout(topic: string): Promise<CommittedRecord[]> {
      const read: CommittedRecord[] = [];
      let next = 0;
      const more = (): boolean => !ended || read.length < (writtenCounts[0] ?? 0);
      for (const client = implementation.connect(broker.address, 5000); more(); ) {
        try {
          const assigned = [{ topic, partition: 0, offset: next }];
          const reader = await client.reader({
            assigned,
            maxBytes: 1 << 20,
            maxPartitionBytes: 1 << 20,
            maxWaitMs: 200,
          });
          while (more())
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
  }, 400_000);

  test('a transaction waits for the broker, then commits or reports its outcome', async () => {
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
  }, 200_000);
});
