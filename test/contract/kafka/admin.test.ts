import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, bench, implementations } from './clients.ts';

describe.each(implementations)('admin, $name', implementation => {
  test('describes the cluster and its topics', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(3);
    expect(await b.client.admin.clusterId()).toMatch(/^[\w-]{16,22}$/);
    expect(await b.client.admin.topics()).toContain(topic);
    expect(await b.client.admin.topics()).not.toContain('__consumer_offsets');
    const partitions = await b.client.admin.partitions([topic, uniqueName('missing')]);
    expect([...partitions]).toEqual([[topic, 3]]);
    expect((await b.client.admin.partitions([])).size).toBe(0);
  });

  test('a request for a topic does not create it', async () => {
    await using b = bench(implementation);
    const topic = uniqueName('missing');
    await b.client.admin.partitions([topic]);
    await b.client.admin.partitions([topic]);
    expect(await b.client.admin.topics()).not.toContain(topic);
  });

  test('creates missing topics and leaves existing ones unchanged, also concurrently', async () => {
    await using b = bench(implementation);
    const there = await b.topic(2, { 'retention.ms': '12345' });
    const newTopic = uniqueName('made');
    const topics = [there, newTopic].map(topic => ({ topic, partitions: 5, replicationFactor: 1 }));
    await Promise.all([b.client.admin.createTopics(topics), b.client.admin.createTopics(topics)]);
    await b.client.admin.createTopics(topics);
    expect(await b.client.admin.partitions([there, newTopic])).toEqual(
      new Map([
        [there, 2],
        [newTopic, 5],
      ]),
    );
    expect((await b.client.admin.topicConfig(there)).get('retention.ms')).toBe('12345');
    // Leaders exist, so that the topic accepts writes at once.
    await b.client.admin.offsets([0, 1, 2, 3, 4].map(partition => ({ topic: newTopic, partition })));
    await b.client.admin.deleteTopics([newTopic]);
    expect((await b.client.admin.partitions([newTopic])).size).toBe(0);
    await b.client.admin.deleteTopics([newTopic]);
  });

  test("creates topics with the broker's defaults", async () => {
    await using b = bench(implementation);
    const topic = uniqueName('made');
    const config = { 'cleanup.policy': 'compact' };
    await b.client.admin.createTopics([{ topic, partitions: -1, replicationFactor: -1, config }]);
    expect((await b.client.admin.partitions([topic])).get(topic)).toBeGreaterThan(0);
    expect((await b.client.admin.topicConfig(topic)).get('cleanup.policy')).toBe('compact');
    await b.client.admin.deleteTopics([topic]);
  });

  test('deletes single offsets of a group, and returns the remaining ones', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(3);
    const group = uniqueName('group');
    await b.client.admin.deleteGroupOffsets(group, [{ topic, partition: 0 }]);
    expect(await b.client.admin.groupOffsets(group)).toEqual([]);
    const offsets = [0, 1, 2].map(partition => ({ topic, partition, offset: 10 + partition }));
    await b.client.admin.commitGroupOffsets({ group, offsets });
    const groupOffsets = async () =>
      (await b.client.admin.groupOffsets(group)).toSorted((x, y) => x.partition - y.partition);
    expect(await groupOffsets()).toEqual(offsets);
    await b.client.admin.deleteGroupOffsets(group, [
      { topic, partition: 1 },
      { topic, partition: 9 },
      { topic: uniqueName('missing'), partition: 0 },
    ]);
    expect(await groupOffsets()).toEqual([offsets[0], offsets[2]]);
    await b.client.admin.deleteGroupOffsets(group, []);
    await b.client.admin.deleteGroupOffsets(group, offsets);
    expect(await groupOffsets()).toEqual([]);
  });

  test.each([
    [{ topic: 'not legal!', partitions: 1, replicationFactor: 1 }, /INVALID_TOPIC_EXCEPTION/],
    [{ topic: 'contract_too_many_copies', partitions: 1, replicationFactor: 99 }, /INVALID_REPLICATION_FACTOR.*99/s],
    [
      { topic: 'contract_wrong_config', partitions: 1, replicationFactor: 1, config: { 'retention.ms': 'soon' } },
      /INVALID_CONFIG.*soon/s,
    ],
  ])("rejects invalid topics with the broker's message: %#", async (topic, message) => {
    await using b = bench(implementation);
    const making = b.client.admin.createTopics([topic]);
    await expect(making).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    await expect(making).rejects.toThrow(message);
  });

  test('returns low watermarks, last stable offsets and high watermarks', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(2);
    const options = { compression: 'none', transactionTimeoutMs: 20_000 } as const;
    const producer = await b.client.producer({ transactionalId: uniqueName('contract'), ...options });
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (let i = 0; i < 3; i++) append(batch, topic, { partition: 1, value: 'v' });
    await producer.commit(batch);
    await b.read(topic);
    expect(await b.client.admin.offsets([1, 0].map(partition => ({ topic, partition })))).toEqual([
      { topic, partition: 1, low: 0, end: 4, high: 4 },
      { topic, partition: 0, low: 0, end: 0, high: 0 },
    ]);
    expect(await b.client.admin.offsets([])).toEqual([]);
  });

  test('commits and reads the offsets of a group without members', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(3);
    const group = uniqueName('group');
    const partitions = [0, 1, 2].map(partition => ({ topic, partition }));
    expect(await b.client.admin.groupOffsets(group, partitions)).toEqual([]);
    const began = performance.now();
    await b.client.admin.commitGroupOffsets({
      group,
      offsets: [0, 2].map(p => ({ topic, partition: p, offset: p + 7 })),
    });
    expect(performance.now() - began).toBeLessThan(3000);
    const committedOffsets = [...(await b.client.admin.groupOffsets(group, partitions))].sort(
      (x, y) => x.partition - y.partition,
    );
    expect(committedOffsets).toEqual([
      { topic, partition: 0, offset: 7 },
      { topic, partition: 2, offset: 9 },
    ]);
    await b.client.admin.commitGroupOffsets({ group, offsets: [{ topic, partition: 0, offset: 3 }] });
    expect(await b.client.admin.groupOffsets(group, [{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 3 },
    ]);
    await b.client.admin.commitGroupOffsets({ group, offsets: [] });
  });

  test('does not commit for a group with running consumers', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const group = uniqueName('group');
    const consumer = b.kafkajs.consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ eachMessage: async () => {} });
    await joined;
    const committing = b.client.admin.commitGroupOffsets({ group, offsets: [{ topic, partition: 0, offset: 1 }] });
    await expect(committing).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    await expect(committing).rejects.toThrow(/has members/);
    await consumer.disconnect();
  });

  test('reports KAFKA_UNAVAILABLE in a sentence when no broker is reachable', async () => {
    const client = implementation.connect('127.0.0.1:9', 300);
    const asking = client.admin.topics();
    await expect(asking).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE', kind: 'retriable' });
    await expect(asking).rejects.toThrow(/^Cannot list topics: 127\.0\.0\.1:9 cannot be reached: .*ECONNREFUSED.*\.$/);
    await client.close();
  });

  test('gives up in time on a server that never answers or is no Kafka', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer(socket => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    const chatty = createServer(socket => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    chatty.listen(0, '127.0.0.1');
    for (const server of [mute, chatty]) {
      await eventually('it listens', () => server.address());
      const { port } = server.address() as { port: number };
      const client = implementation.connect(`127.0.0.1:${port}`, 300);
      await expect(client.admin.clusterId()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
      await client.close();
      server.close();
    }
    for (const socket of sockets) socket.destroy();
  });

  test('does nothing after it was closed', async () => {
    const client = implementation.connect(servers().kafka);
    await client.admin.clusterId();
    await client.close();
    await client.close();
    await expect(client.admin.clusterId()).rejects.toThrow(/closed/);
  });
});
