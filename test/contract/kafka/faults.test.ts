import { describe, expect, test } from 'vitest';
import { MillraceError, RecordTooLargeError } from '../../../src/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { type RequestAction, startKafkaProxy } from '../../support/kafka-proxy.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, bench, implementations, values } from './clients.ts';
import { numbers, writeExactlyOnce } from './exactly-once.ts';

const api = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  FindCoordinator: 10,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
  DescribeConfigs: 32,
} as const;
type Api = keyof typeof api;
const fates = ['drop request', 'drop answer', 'late', 'silence'] as const satisfies readonly RequestAction[];

describe.each(implementations)('transactions over an unreliable network, $name', implementation => {
  /** Writes one transaction with this action for requests of an API; returns the records read afterwards. */
  async function commitOnce(name: Api, ...planned: RequestAction[]) {
    const b = bench(implementation);
    const topic = await b.topic();
    const proxy = await startKafkaProxy(servers().kafka);
    const client = implementation.connect(proxy.address, 1000);
    const options = { compression: 'lz4', transactionTimeoutMs: 3000 } as const;
    const transactionalId = uniqueName('contract');
    const producer = await client.producer({ transactionalId, ...options });
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (let i = 0; i < 100; i++) append(batch, topic, { value: `${i}` });
    proxy.setNextActions(api[name], ...planned);
    const outcome = await producer.commit(batch).then(
      () => 'committed',
      (error: unknown) => (error instanceof MillraceError ? error.code : String(error)),
    );
    return {
      outcome,
      producer,
      topic,
      async read() {
        await proxy.allDelivered();
        await producer.close();
        // A new producer ends the open transaction.
        const next = await b.client.producer({ transactionalId, ...options });
        await next.close();
        return values(await b.read(topic));
      },
      async [Symbol.asyncDispose]() {
        await client.close();
        await proxy[Symbol.asyncDispose]();
        await b[Symbol.asyncDispose]();
      },
    };
  }

  test.each(['drop request', 'drop answer', 'silence'] as const)(
    'a commit whose EndTxn meets "%s" is retried: committed, one copy',
    async fate => {
      await using once = await commitOnce('EndTxn', fate);
      expect(once.outcome).toBe('committed');
      expect(await once.read()).toEqual(numbers(100));
    },
  );

  test('a commit whose EndTxn is lost five times succeeds, with one copy', async () => {
    await using once = await commitOnce(
      'EndTxn',
      'drop answer',
      'drop request',
      'drop answer',
      'drop answer',
      'drop request',
    );
    expect(once.outcome).toBe('committed');
    expect(await once.read()).toEqual(numbers(100));
  });

  test('a commit whose EndTxn may still arrive closes the producer, so that a late request cannot end the next transaction', async () => {
    await using once = await commitOnce('EndTxn', 'late');
    expect(once.outcome).toBe('committed');
    const batch = once.producer.batch();
    append(batch, once.topic, { value: 'next' });
    await expect(once.producer.commit(batch)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect(await once.read()).toEqual(numbers(100));
  });

  test('a commit without an answer is COMMIT_UNKNOWN, and is either complete or absent', async () => {
    const lost = Array.from({ length: 200 }, (): RequestAction => 'drop answer');
    await using made = await commitOnce('EndTxn', ...lost);
    expect(made.outcome).toBe('COMMIT_UNKNOWN');
    expect(await made.read()).toEqual(numbers(100));
  });

  test('a commit that does not reach Kafka within the transaction timeout is aborted', async () => {
    await using open = await commitOnce('EndTxn', ...Array.from({ length: 200 }, (): RequestAction => 'drop request'));
    expect(['COMMIT_UNKNOWN', 'FENCED']).toContain(open.outcome);
    expect(await open.read()).toEqual([]);
  });

  describe.each(['AddPartitionsToTxn', 'Produce'] as const)('%s', name => {
    test.each(fates)('a request that meets "%s" is retried: committed, one copy', async fate => {
      await using once = await commitOnce(name, fate);
      expect(once.outcome).toBe('committed');
      expect(await once.read()).toEqual(numbers(100));
    });
  });

  const troubled: Api[] = [
    'InitProducerId',
    'FindCoordinator',
    'AddOffsetsToTxn',
    'TxnOffsetCommit',
    'EndTxn',
    'Produce',
  ];
  test.each([...troubled, 'AddPartitionsToTxn', 'Metadata', 'ListOffsets', 'Fetch', 'ApiVersions'] satisfies Api[])(
    'a task that loses every kind of %s writes each record once, in order, with its offset',
    async name => {
      await using b = bench(implementation);
      const topic = await b.topic();
      const group = uniqueName('group');
      await using proxy = await startKafkaProxy(servers().kafka);
      const client = implementation.connect(proxy.address, 1500);
      proxy.setNextActions(
        api[name],
        'drop answer',
        'pass',
        'drop request',
        'late',
        'pass',
        'drop answer',
        'pass',
        'silence',
        'late',
      );
      const id = uniqueName('contract');
      await writeExactlyOnce(client, topic, id, { total: 200, each: 10, group });
      await client.close();
      await proxy.allDelivered();
      expect(values(await b.read(topic))).toEqual(numbers(200));
      await eventually('the offset is committed', async () => {
        const [committed] = await b.client.admin.groupOffsets(group, [{ topic, partition: 0 }]);
        return committed?.offset === 200;
      });
    },
    60_000,
  );

  test('random losses of requests and answers lose and duplicate nothing', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await using proxy = await startKafkaProxy(servers().kafka);
    const client = implementation.connect(proxy.address, 1000);
    const chosen = ['pass', 'pass', 'pass', 'pass', 'pass', 'drop answer', 'drop request', 'late'] as const;
    const some = (): RequestAction[] =>
      Array.from({ length: 60 }, () => chosen[Math.floor(Math.random() * chosen.length)] ?? 'pass');
    for (const name of [
      'Produce',
      'AddPartitionsToTxn',
      'EndTxn',
      'InitProducerId',
      'Fetch',
      'FindCoordinator',
    ] as const)
      proxy.setNextActions(api[name], ...some());
    await writeExactlyOnce(client, topic, uniqueName('contract'), { total: 400, each: 5 });
    await client.close();
    await proxy.allDelivered();
    expect(values(await b.read(topic))).toEqual(numbers(400));
  }, 60_000);

  test('a partition that rejects the first batches of a producer receives all of them in order', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(2, { 'max.message.bytes': '20000' });
    await using proxy = await startKafkaProxy(servers().kafka);
    const client = implementation.connect(proxy.address, 5000);
    const producer = await client.producer({
      transactionalId: uniqueName('contract'),
      compression: 'none',
      transactionTimeoutMs: 30_000,
    });
    await producer.prepare([topic]);
    const lines = Array.from({ length: 200 }, (_, i) => `${i} `.padEnd(1000, 'x'));
    for (const part of [lines.slice(0, 100), lines.slice(100)]) {
      const batch = producer.batch();
      for (const [i, value] of part.entries()) append(batch, topic, { value, partition: i % 2 });
      proxy.setNextActions(api.Produce, 'not leader', 'pass', 'not leader');
      await producer.commit(batch);
    }
    const read = await b.read(topic);
    for (const partition of [0, 1])
      expect(values(read.filter(one => one.partition === partition))).toEqual(
        lines.filter((_, i) => i % 2 === partition),
      );
    await client.close();
  });

  test("a rejected record is reported with its topic when the topic's limit could not be read", async () => {
    await using b = bench(implementation);
    const [topic, narrow] = [await b.topic(), await b.topic(1, { 'max.message.bytes': '2000' })];
    await using proxy = await startKafkaProxy(servers().kafka);
    proxy.setAction(api.DescribeConfigs, 'forbidden');
    const client = implementation.connect(proxy.address, 1000);
    try {
      const options = { compression: 'none', transactionTimeoutMs: 3000 } as const;
      const producer = await client.producer({ transactionalId: uniqueName('contract'), ...options });
      await producer.prepare([topic, narrow]);
      const batch = producer.batch();
      append(batch, topic, { value: 'x'.repeat(100) });
      append(batch, narrow, { value: 'x'.repeat(3000) });
      const refused = await producer.commit(batch).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RecordTooLargeError);
      expect((refused as Error).message).toMatch(
        new RegExp(
          `has 3\\d{3} bytes, for topic ${narrow}. Raise max.message.bytes of that topic. Grant .*DESCRIBE_CONFIGS`,
        ),
      );
    } finally {
      await client.close();
    }
  });

  test('a reader continues after lost answers', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await writeExactlyOnce(b.client, topic, uniqueName('contract'), { total: 300, each: 10 });
    await b.read(topic);
    await using proxy = await startKafkaProxy(servers().kafka);
    const client = implementation.connect(proxy.address, 2000);
    const assigned = [{ topic, partition: 0, offset: 0 }];
    const reader = await client.reader({ assigned, maxBytes: 2000, maxPartitionBytes: 2000, maxWaitMs: 100 });
    proxy.setNextActions(api.Fetch, 'pass', 'drop answer', 'pass', 'drop request', 'drop answer', 'pass', 'silence');
    const read: string[] = [];
    while (read.length < 300)
      for (const { records } of await reader.poll()) for (const { value } of records) read.push(`${value}`);
    expect(read).toEqual(numbers(300));
    expect(proxy.requestCount(api.Fetch)).toBeGreaterThan(7);
    proxy.setAction(api.Fetch, 'drop request');
    await expect(
      (async () => {
        for (;;) await reader.poll();
      })(),
    ).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    await client.close();
  });
});
