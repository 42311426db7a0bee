import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../../src/api/index.ts';
import type { TransactionalProducer } from '../../../src/kafka/port.ts';
import { partitionForKey } from '../../../src/kafka/producer/murmur2.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions } from '../../../src/kafka/storage/offset-store.ts';
import { startKafkaProxy } from '../../support/kafka-proxy.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, type Bench, bench, implementations } from './clients.ts';

const END_TXN = 26;

/** A topic for offsets, and an opened producer, as a task has them. */
async function offsets(b: Bench): Promise<{ topic: string; producer: TransactionalProducer; id: string }> {
  const topic = await b.topic(5, { 'cleanup.policy': 'compact' });
  const id = uniqueName('contract');
  const producer = await open(b, id);
  await producer.prepare([topic]);
  return { topic, producer, id };
}

const open = (b: Bench, transactionalId: string): Promise<TransactionalProducer> =>
  b.client.producer({ transactionalId, compression: 'none', transactionTimeoutMs: 20_000 });

async function commit(
  producer: TransactionalProducer,
  topic: string,
  connector: string,
  positions: readonly SourcePosition[],
): Promise<void> {
  const batch = producer.batch();
  await appendPositions(batch, topic, connector, positions);
  expect(batch.records).toBe(positions.length);
  await producer.commit(batch);
}

describe.each(implementations)('source offsets, $name', implementation => {
  test('have the same bytes as those of Kafka Connect', async () => {
    await using b = bench(implementation);
    const { topic, producer } = await offsets(b);
    await commit(producer, topic, 'shop', [
      { partition: { server: 'shop' }, offset: { lsn: 24_023_128, txId: 756, snapshot: true, note: null } },
      { partition: { server: 'gone', n: 1 }, offset: null },
    ]);
    const read = await b.read(topic);
    const texts = read.map(({ key, value }) => [key?.toString(), value?.toString() ?? null]);
    expect(new Map(texts as [string, string | null][])).toEqual(
      new Map([
        ['["shop",{"server":"shop"}]', '{"lsn":24023128,"txId":756,"snapshot":true,"note":null}'],
        ['["shop",{"n":1,"server":"gone"}]', null],
      ]),
    );
    for (const { key, partition } of read)
      expect(partition).toBe(partitionForKey(key ?? Buffer.alloc(0), 0, key?.length ?? 0, 5));
  });

  test('are read back: the latest of each partition, without deleted ones, of this connector only', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    const at = (table: string, position: number | null): SourcePosition => ({
      partition: { table },
      offset: position === null ? null : { position },
    });
    await commit(producer, topic, 'a', [at('x', 1), at('y', 1), at('z', 1)]);
    await commit(producer, topic, 'ab', [at('x', 99)]);
    await commit(producer, topic, 'a', [at('x', 2), at('y', null), at('x', 3)]);
    await open(b, id);
    const positions = await loadPositions(b.client, topic, 'a');
    expect(positions.get({ table: 'x' })).toEqual({ position: 3 });
    expect(positions.get({ table: 'y' })).toBeNull();
    expect(positions.get({ table: 'unknown' })).toBeNull();
    expect([...positions.all()].sort((p, q) => (JSON.stringify(p) < JSON.stringify(q) ? -1 : 1))).toEqual([
      at('x', 3),
      at('z', 1),
    ]);
    expect((await loadPositions(b.client, topic, 'ab')).all()).toEqual([at('x', 99)]);
    expect((await loadPositions(b.client, topic, 'abc')).all()).toEqual([]);
  });

  test('are read with any order and white space in their JSON; malformed ones are skipped', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    const batch = producer.batch();
    const partition = 0;
    append(batch, topic, { partition, key: '["a",{"server":"s","database":"d"}]', value: '{"n":1}' });
    append(batch, topic, { partition, key: ' [ "a" , {"database": "d", "server": "s"} ]', value: '{"n": 2}' });
    append(batch, topic, { partition, key: '["a"]', value: '{"n":3}' });
    append(batch, topic, { partition, key: '["a",[1]]', value: '{"n":3}' });
    append(batch, topic, { partition, key: '["a",{"bad":', value: '{"n":3}' });
    append(batch, topic, { partition, key: '["a",{"broken":1}]', value: '{"n":' });
    await producer.commit(batch);
    await open(b, id);
    const positions = await loadPositions(b.client, topic, 'a');
    expect(positions.all()).toHaveLength(1);
    expect(positions.get({ server: 's', database: 'd' })).toEqual({ n: 2 });
    expect(positions.get({ database: 'd', server: 's' })).toEqual({ n: 2 });
  });

  test('are found among keys of every length, of other connectors and of other formats', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    const names = [...Array.from({ length: 60 }, (_, i) => 'n'.repeat(i + 1)), 'größe', '数据'];
    for (const [n, name] of names.entries())
      await commit(producer, topic, name, [{ partition: { name }, offset: { n } }]);
    const batch = producer.batch();
    for (const key of ['', '[', '["', '["n', '["n"', '["n"]', '["n",', 'null', '{"n":1}', 'n'.repeat(5000)])
      append(batch, topic, { key, value: '{"n":-1}' });
    append(batch, topic, { key: '["gr\\u00f6\\u00dfe",{"name":"escaped"}]', value: '{"n":-2}' });
    await producer.commit(batch);
    await open(b, id);
    for (const [n, name] of names.entries()) {
      const positions = await loadPositions(b.client, topic, name);
      expect(positions.get({ name })).toEqual({ n });
      expect(positions.all()).toHaveLength(name === 'größe' ? 2 : 1);
    }
  });

  test('have one key per partition, independent of the order of its names', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    const tables = Array.from({ length: 20 }, (_, i) => `t${i}`);
    const foreign = producer.batch();
    for (const table of tables)
      append(foreign, topic, { key: `["a", {"table": "${table}", "x": 1}]`, value: '{"n":0}' });
    await producer.commit(foreign);
    await open(b, id);
    expect((await loadPositions(b.client, topic, 'a')).all()).toHaveLength(20);
    const writer = await open(b, id);
    await writer.prepare([topic]);
    await commit(
      writer,
      topic,
      'a',
      tables.map(table => ({ partition: { table, x: 1 }, offset: { n: 1 } })),
    );
    await commit(
      writer,
      topic,
      'a',
      tables.map(table => ({ partition: { x: 1, table }, offset: { n: 2 } })),
    );
    await open(b, id);
    const positions = await loadPositions(b.client, topic, 'a');
    expect(tables.map(table => positions.get({ x: 1, table }))).toEqual(tables.map(() => ({ n: 2 })));
    const last = await open(b, id);
    await last.prepare([topic]);
    await commit(
      last,
      topic,
      'a',
      tables.map(table => ({ partition: { x: 1, table }, offset: null })),
    );
    await open(b, id);
    expect((await loadPositions(b.client, topic, 'a')).all()).toEqual([]);
  });

  test('support names beyond ASCII and with quotes', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    const names = ['größe', 'a "quoted" name', 'back\\slash', '数据', 'a,b'];
    for (const [n, name] of names.entries())
      await commit(producer, topic, name, [{ partition: { name }, offset: { n } }]);
    await open(b, id);
    for (const [n, name] of names.entries())
      expect((await loadPositions(b.client, topic, name)).all()).toEqual([{ partition: { name }, offset: { n } }]);
  });

  test('include those committed by a producer that was then fenced, and exclude uncommitted ones', async () => {
    await using b = bench(implementation);
    const { topic, producer, id } = await offsets(b);
    for (let n = 1; n <= 50; n++) {
      await commit(producer, topic, 'a', [{ partition: { p: 1 }, offset: { n } }]);
      // Read at once, like a successor would: Kafka may not have written the marker yet.
      if (n % 10 === 0) {
        const successor = await open(b, `${id} ${n}`);
        await successor.close();
      }
    }
    await open(b, id);
    expect((await loadPositions(b.client, topic, 'a')).get({ p: 1 })).toEqual({ n: 50 });
    await expect(commit(producer, topic, 'a', [{ partition: { p: 1 }, offset: { n: 51 } }])).rejects.toMatchObject({
      code: 'FENCED',
    });
    expect((await loadPositions(b.client, topic, 'a')).get({ p: 1 })).toEqual({ n: 50 });
  });

  test('are read although another connector has an earlier open transaction, which is not awaited', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'cleanup.policy': 'compact' });
    await using proxy = await startKafkaProxy(servers().kafka);
    const behind = implementation.connect(proxy.address, 5000);
    const options = { compression: 'none', transactionTimeoutMs: 60_000 } as const;
    const otherId = uniqueName('other');
    const other = await behind.producer({ transactionalId: otherId, ...options });
    const id = uniqueName('contract');
    const producer = await open(b, id);
    for (const each of [other, producer]) await each.prepare([topic]);
    const range = async () => (await b.client.admin.offsets([{ topic, partition: 0 }]))[0];
    await commit(producer, topic, 'a', [{ partition: { p: 1 }, offset: { n: 1 } }]);
    // A commit is acknowledged before its marker is in the topic.
    await expect.poll(range).toMatchObject({ end: 2, high: 2 });
    proxy.setAction(END_TXN, 'silence');
    const hanging = commit(other, topic, 'other', [{ partition: { p: 1 }, offset: { n: 77 } }]).catch(() => 'aborted');
    await expect.poll(() => proxy.requestCount(END_TXN)).toBe(1);
    await commit(producer, topic, 'a', [{ partition: { p: 1 }, offset: { n: 2 } }]);
    await open(b, id);
    expect((await loadPositions(b.client, topic, 'a')).get({ p: 1 })).toEqual({ n: 2 });
    await expect.poll(range).toMatchObject({ end: 2, high: 5 });
    expect((await loadPositions(b.client, topic, 'other', { committedOnly: true })).all()).toEqual([]);
    const stop = new AbortController();
    const waiting = loadPositions(b.client, topic, 'other', { signal: stop.signal });
    stop.abort(new Error('stop requested'));
    await expect(waiting).rejects.toThrow('stop requested');
    const refused = await loadPositions(b.client, topic, 'other').catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect((refused as Error).message).toContain(`${topic}-0 by the transactional id ${otherId} (producer `);
    expect((refused as Error).message).toMatch(/, Ongoing, for \d+ s/);
    await behind.close();
    expect(await hanging).toBe('aborted');
  });

  test('exclude aborted transactions and include committed ones after the start of an open one', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'cleanup.policy': 'compact' });
    const send = async (messages: { key: string; value: string | null }[]) => {
      const options = { maxInFlightRequests: 1, idempotent: true, retry: { initialRetryTime: 5 } };
      const producer = b.kafkajs.producer({ transactionalId: uniqueName('any'), ...options });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages });
      return { transaction, producer };
    };
    const position = (n: number, p = 1) => ({ key: `["a",{"p":${p}}]`, value: `{"n":${n}}` });
    const before = await send([position(1)]);
    await before.transaction.commit();
    const foreign = await send([{ key: '["another",{"p":1}]', value: '{"n":-1}' }]);
    const early = await send([position(2)]);
    const aborted = await send([position(3), position(3, 2)]);
    const late = await send([position(4)]);
    await aborted.transaction.abort();
    await late.transaction.commit();
    await early.transaction.commit();
    const [range] = await b.client.admin.offsets([{ topic, partition: 0 }]);
    expect(range?.end).toBeLessThan(range?.high ?? 0);
    // In the order of the records, not of the commits.
    expect((await loadPositions(b.client, topic, 'a')).all()).toEqual([{ partition: { p: 1 }, offset: { n: 4 } }]);
    await foreign.transaction.abort();
    expect((await loadPositions(b.client, topic, 'a')).all()).toEqual([{ partition: { p: 1 }, offset: { n: 4 } }]);
    expect((await loadPositions(b.client, topic, 'another')).all()).toEqual([]);
    for (const { producer } of [before, foreign, early, aborted, late]) await producer.disconnect();
  });

  test('use a compacted topic, which is created once and rejected if it is not compacted', async () => {
    await using b = bench(implementation);
    const topic = uniqueName('offsets');
    const settings = { topic, partitions: 25, replicationFactor: 1 };
    await ensureOffsetsTopic(b.client, settings);
    await ensureOffsetsTopic(b.client, { ...settings, partitions: 3 });
    expect((await b.client.admin.partitions([topic])).get(topic)).toBe(25);
    expect((await b.client.admin.topicConfig(topic)).get('cleanup.policy')).toBe('compact');
    expect((await loadPositions(b.client, topic, 'a')).all()).toEqual([]);
    await b.client.admin.deleteTopics([topic]);
    const deleting = await b.topic(1);
    const refused = ensureOffsetsTopic(b.client, { ...settings, topic: deleting });
    await expect(refused).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    await expect(refused).rejects.toThrow(/cleanup\.policy=compact, but has delete/);
  });
});
