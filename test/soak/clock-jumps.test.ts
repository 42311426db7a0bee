import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { startKafka } from '../../src/stack/index.ts';
import { checkNoDeadLetters, skipBadRecords } from '../chaos/dead-letters.ts';
import { keepLoading } from '../chaos/load.ts';
import { recovery } from '../chaos/recovery.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { connectors, TestCluster } from '../chaos/test-cluster.ts';
import { verify } from '../chaos/verify.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { uniqueName } from '../support/topic.ts';

/** MILLRACE_ROUNDS: rounds of each jump. */
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 3);
/**
 * Seconds: an hour and a minute, because by default topics reject records that are more than an hour ahead of the
 * broker.
 */
const JUMP_S = 3660;
const HOLD_MS = 20_000;
/** Milliseconds for data to flow again after a jump, unless Kafka rejects the records. */
const FLOW_MS = 60_000;
const TRANSACTIONS = 50;
const PAUSE_MS = 500;

type ClockOwner = 'worker' | 'broker';
const jumps = [1, -1].flatMap(direction =>
  ([['worker'], ['broker'], ['worker', 'broker']] as const).map(owners => ({
    places: owners,
    seconds: direction * JUMP_S,
  })),
);

test(
  'a pipeline loses and duplicates nothing when clocks of workers and broker jump by an hour, and recovers',
  async () => {
    await using worker = await FakeClock.create();
    await using broker = await FakeClock.create();
    const clocks: Record<ClockOwner, FakeClock> = { worker, broker };
    await using cluster = await TestCluster.start(5000, { kafka: () => startKafka({ env: broker.env }) });
    expect(cluster.kafka.origin, 'a broker in a container uses the clock of the machine').toBe('native');
    await cluster.startWorker(worker.env);
    await cluster.startWorker(worker.env);
    const letters = uniqueName('letters');
    await cluster.createPipeline(skipBadRecords(letters));
    await cluster.workerOf('source');
    await using slot = await SlotWatch.start(cluster);
    using load = keepLoading(cluster.source, TRANSACTIONS, PAUSE_MS);
    await eventually('it streams', async () => (await cluster.targetEvents()) > 6000, { within: 60_000 });
    await using clocksSeen = await ObservedClocks.open(cluster);

    for (let round = 1; round <= ROUNDS; round++)
      for (const { places, seconds } of jumps) {
        const jump = `${places.join(' and ')} ${seconds > 0 ? '+' : ''}${seconds} s`;
        console.log(`round ${round}: ${jump}`);
        await cluster.during(`clocks jump: ${jump}`, async () => {
          await Promise.all(places.map(place => clocks[place].set(seconds)));
          await Promise.all(places.map(place => clocksSeen.awaitOffset(place, seconds)));
          const offset = (place: ClockOwner) => (places.some(one => one === place) ? seconds : 0);
          // Kafka rejects records with future timestamps until the clocks agree again.
          if (offset('worker') - offset('broker') < JUMP_S)
            await recovery(cluster, { runningMs: FLOW_MS, arrivedMs: FLOW_MS });
          await delay(HOLD_MS);
          for (const role of connectors)
            expect((await cluster.status(role)).tasks[0]?.state, `${role} after ${jump}`).not.toBe('FAILED');
          await Promise.all(places.map(place => clocks[place].set(0)));
          await Promise.all(places.map(place => clocksSeen.awaitOffset(place, 0)));
        });
        await recovery(cluster, { runningMs: FLOW_MS, arrivedMs: FLOW_MS });
      }
    await load.stop();
    await verify(cluster, slot);
    await checkNoDeadLetters(cluster, letters);
  },
  ROUNDS * 30 * 60_000,
);

/** Wall-clock time as seen by the programs. */
class ObservedClocks implements AsyncDisposable {
  readonly #cluster: TestCluster;
  readonly #kafka: KafkaClient;
  /** A topic with the broker's timestamps. */
  readonly #topic = uniqueName('clock');
  #next = 0;

  private constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#kafka = kafkaClient({ brokers: [cluster.kafka.address], clientId: 'clock' }, silent);
  }

  static async open(cluster: TestCluster): Promise<ObservedClocks> {
    const shown = new ObservedClocks(cluster);
    await shown.#kafka.admin.createTopics([
      {
        topic: shown.#topic,
        partitions: 1,
        replicationFactor: 1,
        config: { 'message.timestamp.type': 'LogAppendTime' },
      },
    ]);
    return shown;
  }

  /** Waits until all programs of this kind are that many seconds ahead. */
  async awaitOffset(place: ClockOwner, seconds: number): Promise<void> {
    const times = place === 'broker' ? () => this.#ofBroker() : () => this.#ofWorkers();
    await eventually(
      `the clock of the ${place} is ${seconds} s ahead`,
      async () => (await times()).every(time => Math.abs(time - Date.now() - seconds * 1000) < 5000),
      { within: 60_000, every: 500 },
    );
  }

  #ofWorkers(): Promise<number[]> {
    return Promise.all(
      this.#cluster.workers.map(async ({ url }) => Date.parse((await fetch(`${url}/`)).headers.get('date') ?? '')),
    );
  }

  async #ofBroker(): Promise<number[]> {
    const [topic, partition] = [this.#topic, 0];
    const producer = await this.#kafka.producer({
      // A jump may make the broker reject a producer id that it has.
      transactionalId: `${topic}-${this.#next++}`,
      compression: 'none',
      transactionTimeoutMs: 30_000,
    });
    try {
      await producer.prepare([topic]);
      const [{ end: offset = 0 } = {}] = await this.#kafka.admin.offsets([{ topic, partition }]);
      const batch = producer.batch();
      await batch.append(topic, partition, null, Buffer.from('now'), -1, -1, 0, 3, []);
      await producer.commit(batch);
      const reader = await this.#kafka.reader({
        assigned: [{ topic, partition, offset }],
        maxBytes: 1 << 20,
        maxPartitionBytes: 1 << 20,
        maxWaitMs: 500,
      });
      try {
        for (;;)
          for (const { records } of await reader.poll())
            if (records.length > 0) return records.map(({ timestamp }) => Number(timestamp));
      } finally {
        await reader.close();
      }
    } finally {
      await producer.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#kafka.close();
  }
}
