import { describe, expect, test } from 'vitest';
import type { KafkaClient, TransactionalProducer } from '../../../src/kafka/port.ts';
import { startKafkaProxy } from '../../support/kafka-proxy.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, bench, implementations, values } from './clients.ts';

const END_TXN = 26;

const open = (client: KafkaClient, transactionalId: string): Promise<TransactionalProducer> =>
  client.producer({ transactionalId, compression: 'none', transactionTimeoutMs: 20_000 });

async function commit(producer: TransactionalProducer, topic: string, value: string): Promise<void> {
  await producer.prepare([topic]);
  const batch = producer.batch();
  append(batch, topic, { value });
  await producer.commit(batch);
}

describe.each(implementations)('one transactional id, $name', implementation => {
  test('belongs to the newest producer: the older one is rejected', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    const old = await open(b.client, id);
    await commit(old, topic, 'before');
    const young = await open(b.client, id);
    await expect(commit(old, topic, 'zombie')).rejects.toMatchObject({ name: 'FencedError', code: 'FENCED' });
    await commit(young, topic, 'after');
    await expect(commit(old, topic, 'zombie')).rejects.toThrow();
    expect(values(await b.read(topic))).toEqual(['before', 'after']);
  });

  test('is fenced together with many others without being opened; unused ids remain unused', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const ids = Array.from({ length: 40 }, () => uniqueName('contract'));
    const producers = await Promise.all(ids.map(id => open(b.client, id)));
    for (const producer of producers.slice(0, 2)) await commit(producer, topic, 'before');
    const unused = uniqueName('contract');
    const fencedIds = [...ids, unused].map(transactionalId => ({ transactionalId, transactionTimeoutMs: 20_000 }));
    const fences = await b.client.fence(fencedIds, new AbortController().signal);
    expect(fences.map(fence => fence?.outcome)).toEqual([
      'committed',
      'committed',
      ...Array.from({ length: 38 }, () => 'unknown'),
      undefined,
    ]);
    for (const producer of producers)
      await expect(commit(producer, topic, 'zombie')).rejects.toMatchObject({ code: 'FENCED' });
    expect(
      await b.client.fence([{ transactionalId: unused, transactionTimeoutMs: 1000 }], new AbortController().signal),
    ).toEqual([undefined]);
    await commit(await open(b.client, ids[0] ?? ''), topic, 'after');
    expect(values(await b.read(topic))).toEqual(['before', 'before', 'after']);
  });

  test('rejects an older producer that has only group offsets', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    const old = await open(b.client, id);
    await open(b.client, id);
    const offsets = { group: uniqueName('group'), offsets: [{ topic, partition: 0, offset: 1 }] };
    await expect(old.commit(old.batch(), offsets)).rejects.toMatchObject({ code: 'FENCED' });
  });

  test('aborts the open transaction of the older producer before it opens', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    await using proxy = await startKafkaProxy(servers().kafka);
    const behind = implementation.connect(proxy.address);
    const old = await open(behind, id);
    await commit(old, topic, 'committed');
    // All data is written; the commit request never arrives, and the client gets no error.
    proxy.setAction(END_TXN, 'silence');
    const committing = commit(old, topic, 'left open').then(
      () => 'committed',
      (error: { code: string }) => error.code,
    );
    await expect.poll(() => proxy.requestCount(END_TXN)).toBe(2);
    const began = performance.now();
    const young = await open(b.client, id);
    // Aborted by the new producer, not by the transaction timeout.
    expect(performance.now() - began).toBeLessThan(10_000);
    const [range] = await b.client.admin.offsets([{ topic, partition: 0 }]);
    await commit(young, topic, 'after');
    expect(values(await b.read(topic))).toEqual(['committed', 'after']);
    // Two records and two markers were decided when the new producer had opened.
    expect(range?.end).toBe(4);
    // The disconnected producer retries, and is rejected.
    proxy.setAction(END_TXN, 'pass');
    await behind.close();
    expect(await committing).not.toBe('committed');
  });

  test('opens repeatedly, and concurrently: one producer remains', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    for (let n = 0; n < 5; n++) {
      const producer = await open(b.client, id);
      await commit(producer, topic, `${n}`);
      await producer.close();
    }
    const rivals = await Promise.all(Array.from({ length: 4 }, () => open(b.client, id)));
    const outcomes = await Promise.allSettled(rivals.map((rival, n) => commit(rival, topic, `rival ${n}`)));
    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('FENCED');
    expect(await b.read(topic)).toHaveLength(6);
  });

  test('aborts a transaction that exceeds its timeout, and rejects its producer', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    await using proxy = await startKafkaProxy(servers().kafka);
    const behind = implementation.connect(proxy.address, 30_000);
    const producer = await behind.producer({ transactionalId: id, compression: 'none', transactionTimeoutMs: 1000 });
    proxy.setAction(END_TXN, 'drop request');
    await expect(commit(producer, topic, 'too late')).rejects.toThrow();
    await behind.close();
    const next = await open(b.client, id);
    await commit(next, topic, 'next');
    expect(values(await b.read(topic))).toEqual(['next']);
  });

  test('rejects a timeout longer than the broker allows', async () => {
    await using b = bench(implementation);
    const options = { compression: 'none', transactionTimeoutMs: 100_000_000 } as const;
    const opening = b.client.producer({ transactionalId: uniqueName('contract'), ...options });
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    await expect(opening).rejects.toThrow(/INVALID_TRANSACTION_TIMEOUT/);
  });

  test('closes its producer after a rejection, with an error', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const id = uniqueName('contract');
    const old = await open(b.client, id);
    await open(b.client, id);
    await expect(commit(old, topic, 'zombie')).rejects.toThrow();
    await expect(commit(old, topic, 'zombie')).rejects.toThrow(/is unusable/);
    await old.close();
    await old.close();
  });
});
