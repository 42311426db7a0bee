import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../../src/kafka/cluster/cluster.ts';
import type { KafkaClient, ProducerFence, TransactionalProducer } from '../../../src/kafka/port.ts';
import { describeTransactions } from '../../../src/kafka/protocol/describe-transactions.ts';
import type { ManagedServer } from '../../../src/stack/index.ts';
import { startBroker } from '../../support/broker.ts';
import { eventually } from '../../support/eventually.ts';
import { type KafkaProxy, startKafkaProxy } from '../../support/kafka-proxy.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, type Bench, bench, implementations, values } from './clients.ts';

const ADD_PARTITIONS = 24;
const END_TXN = 26;
const BROKER = 4;
const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Transactions that the coordinator has ended without writing a marker to a partition, as happens when the partition
 * has no leader. The tests cause them through a coordinator that never learns of the partition, and a broker that
 * accepts records of a transaction without the partition, as all brokers did before KIP-890.
 */
describe.each(implementations)('a hanging transaction, $name', implementation => {
  let broker: ManagedServer;
  beforeAll(async () => {
    broker = await startBroker();
    const b = bench(implementation, broker.address);
    const admin = b.kafkajs.admin();
    await admin.connect();
    const configEntries = [{ name: 'transaction.partition.verification.enable', value: 'false' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: BROKER, name: '1', configEntries }] });
    await admin.disconnect();
    await b[Symbol.asyncDispose]();
  });
  afterAll(() => broker.stop());

  interface Case extends AsyncDisposable {
    readonly bench: Bench;
    readonly proxy: KafkaProxy;
    readonly id: string;
    readonly topic: string;
    /** A topic in which the first transaction is complete. */
    readonly other: string;
    /** A client that connects through the proxy. */
    readonly client: KafkaClient;
  }

  async function begin(): Promise<Case> {
    const b = bench(implementation, broker.address);
    const proxy = await startKafkaProxy(broker.address);
    const client = implementation.connect(proxy.address);
    const [topic, other] = [await b.topic(), await b.topic()];
    return {
      ...{ bench: b, proxy, id: uniqueName('hanging'), topic, other, client },
      async [Symbol.asyncDispose]() {
        await client.close();
        await proxy[Symbol.asyncDispose]();
        await b[Symbol.asyncDispose]();
      },
    };
  }

  const open = (client: KafkaClient, transactionalId: string, positions: string[] = [], fence?: ProducerFence) =>
    client.producer({
      transactionalId,
      compression: 'none',
      transactionTimeoutMs: 20_000,
      positionTopics: positions,
      ...(fence === undefined ? {} : { fence }),
    });
  const fenced = async (client: KafkaClient, transactionalId: string, fence?: ProducerFence) => {
    const id = { transactionalId, transactionTimeoutMs: 20_000, ...(fence === undefined ? {} : { fence }) };
    return (await client.fence([id], new AbortController().signal))[0];
  };

  async function commit(producer: TransactionalProducer, topic: string, value: string): Promise<void> {
    await producer.prepare([topic]);
    const batch = producer.batch();
    append(batch, topic, { value });
    await producer.commit(batch);
  }

  /** Commits: complete in the other topic, and in the topic as far as the producer knows. */
  async function hangCommitted({ client, id, proxy, topic, other }: Case): Promise<TransactionalProducer> {
    const producer = await open(client, id);
    await commit(producer, other, 'before');
    proxy.setNextActions(ADD_PARTITIONS, 'pretend');
    await commit(producer, topic, 'committed');
    return producer;
  }

  /** The same with an abort, which plain kafkajs can send. */
  async function hangAborted({ bench: { kafkajs }, id, proxy, topic, other }: Case): Promise<void> {
    const behind = new (kafkajs.constructor as new (of: object) => typeof kafkajs)({
      brokers: [proxy.address],
      logLevel: 0,
    });
    const cluster = new Cluster({ brokers: [broker.address], clientId: 'hanging' }, silent);
    const producer = behind.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const to of [other, topic]) {
      if (to === topic) proxy.setNextActions(ADD_PARTITIONS, 'pretend');
      const transaction = await producer.transaction();
      await transaction.send({ topic: to, messages: [{ value: 'aborted' }] });
      await transaction.abort();
      // kafkajs does not wait until Kafka has finished the previous transaction.
      await eventually('it is aborted', async () => {
        const coordinator = await cluster.coordinator('transaction', id);
        const [told] = (await coordinator.call(describeTransactions(id))).states;
        return told?.state === 'CompleteAbort';
      });
    }
    cluster.close();
    await producer.disconnect();
  }

  const isOpen = async ({ bench: b, topic }: Case): Promise<boolean> => {
    const [range] = await b.client.admin.offsets([{ topic, partition: 0 }]);
    return range !== undefined && range.end < range.high;
  };

  test('a committed transaction is visible in the topic of positions once the id is opened again', async () => {
    await using of = await begin();
    await hangCommitted(of);
    expect(await isOpen(of)).toBe(true);
    const next = await open(of.bench.client, of.id, ['not there', of.topic]);
    expect(await isOpen(of)).toBe(false);
    expect(values(await of.bench.read(of.topic))).toEqual(['committed']);
    await commit(next, of.topic, 'after');
    expect(values(await of.bench.read(of.topic))).toEqual(['committed', 'after']);
  });

  test('a transaction ends as decided after fences that made Kafka forget it', async () => {
    await using of = await begin();
    const { client } = of.bench;
    await hangCommitted(of);
    const fence = await fenced(client, of.id, await fenced(client, of.id));
    expect(fence).toMatchObject({ outcome: 'committed' });
    await open(client, of.id, [of.topic], fence);
    expect(values(await of.bench.read(of.topic))).toEqual(['committed']);
  });

  test('an outcome is not guessed if the id was opened between the fence and now', async () => {
    await using of = await begin();
    const { client } = of.bench;
    await hangCommitted(of);
    const fence = await fenced(client, of.id);
    await open(client, of.id);
    await expect(open(client, of.id, [of.topic], fence)).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    expect(await isOpen(of)).toBe(true);
  });

  test('an aborted transaction remains aborted after a fence', async () => {
    await using of = await begin();
    await hangAborted(of);
    await open(of.bench.client, of.id, [of.topic], await fenced(of.bench.client, of.id));
    expect(await isOpen(of)).toBe(false);
    expect(values(await of.bench.read(of.topic))).toEqual([]);
  });

  test('an aborted transaction remains aborted', async () => {
    await using of = await begin();
    await hangAborted(of);
    expect(await isOpen(of)).toBe(true);
    await open(of.bench.client, of.id, [of.topic]);
    expect(await isOpen(of)).toBe(false);
    expect(values(await of.bench.read(of.topic))).toEqual([]);
  });

  test('an aborted transaction is not included in the next commit', async () => {
    await using of = await begin();
    await hangAborted(of);
    const next = await open(of.bench.client, of.id);
    await commit(next, of.topic, 'after');
    expect(values(await of.bench.read(of.topic))).toEqual(['after']);
  });

  test('a committed transaction is not lost with the next one of the same producer after an outage of Kafka', async () => {
    await using of = await begin();
    const producer = await hangCommitted(of);
    of.proxy.setNextActions(ADD_PARTITIONS, 'drop request');
    // End of the hanging transaction, and of one that never ends.
    of.proxy.setNextActions(END_TXN, 'pass', 'silence');
    const ends = of.proxy.requestCount(END_TXN);
    const committing = commit(producer, of.topic, 'left open').catch(() => 'the client was closed');
    await expect.poll(() => of.proxy.requestCount(END_TXN)).toBe(ends + 2);
    await open(of.bench.client, of.id);
    expect(values(await of.bench.read(of.topic))).toEqual(['committed']);
    await of.client.close();
    await committing;
  });

  test('a transaction whose outcome is no longer known is an error that describes the remedy', async () => {
    await using of = await begin();
    await hangCommitted(of);
    await open(of.bench.client, of.id);
    await expect(open(of.bench.client, of.id, [of.topic])).rejects.toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringMatching(new RegExp(`${of.id}.* ${of.topic}-0.*kafka-transactions.sh find-hanging`)),
    });
  });
});
