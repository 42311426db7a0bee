import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/errors.ts';
import { startElasticsearch } from '../../../src/stack/index.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { TestIndex } from '../../support/elasticsearch.ts';
import { eventually } from '../../support/eventually.ts';
import { record, TestSink } from './sink.ts';

/** A server of this file, which is killed. */
let server: Awaited<ReturnType<typeof startElasticsearch>>;
beforeAll(async () => {
  server = await startElasticsearch();
});
afterAll(() => server.stop());

it('a server that is killed during a write and restarted has each document in its last state', async () => {
  const methods = ['insert', 'upsert'] as const;
  const batches = 12;
  const ofBatch = (topic: string, batch: number) =>
    Array.from({ length: 300 }, (_, i) => {
      const offset = batch * 300 + i;
      return record(topic, offset, { key: `k${offset % 400}`, value: { offset } });
    });
  let failures = 0;
  let killed: Promise<void> | undefined;
  const kill = async () => {
    await server.kill9();
    await server.restart();
  };
  const run = async (method: (typeof methods)[number]): Promise<TestIndex> => {
    const index = new TestIndex(`killed_${method}`, server.url);
    const config = { 'write.method': method, 'max.retries': '1' };
    const begin = () => eventually('the task starts', () => TestSink.open(server.url, config), { within: 90_000 });
    let sink = await begin();
    for (let batch = 0; batch < batches; ) {
      const pendingWrite = sink.write(ofBatch(index.name, batch));
      if (batch === 3) killed ??= kill();
      try {
        await pendingWrite;
        batch++;
      } catch (error) {
        // Like the engine and its workflow: the task restarts with the records that were not written completely.
        expect(kindOf(error)).toBe('retriable');
        failures++;
        await sink.close();
        sink = await begin();
      }
    }
    await sink.close();
    return index;
  };
  const indices = await Promise.all(methods.map(run));
  await killed;
  expect(failures).toBeGreaterThan(0);
  for (const [i, index] of indices.entries()) {
    const documents = Object.values(await index.documents());
    expect(documents).toHaveLength(400);
    for (const { _id, _version, _source } of documents) {
      const last = 3200 + Number(_id.slice(1));
      expect(_source).toEqual({ offset: last });
      if (methods[i] === 'insert') expect(_version).toBe(last);
    }
  }
}, 180_000);

describe('a server that is frozen', () => {
  it('is given up after its timeout; partly executed requests do no harm', async () => {
    const index = new TestIndex('frozen', server.url);
    const put = (offset: number) => record(index.name, offset, { key: 'a', value: { offset } });
    await using sink = await TestSink.open(server.url, { 'read.timeout.ms': '200', 'max.retries': '1' });
    await eventually('the first write has arrived', async () => {
      await sink.write([put(0)]);
      return true;
    });
    await server.stopProcess();
    try {
      await expect(sink.write([put(1)])).rejects.toMatchObject({
        code: 'SINK_UNAVAILABLE',
        message: expect.stringContaining('no answer within 200 ms'),
      });
    } finally {
      await server.cont();
    }
    await eventually('written', () => sink.write([put(1)]).then(() => true));
    await sink.write([put(2)]);
    expect((await index.documents())['a']).toMatchObject({ _version: 2, _source: { offset: 2 } });
  });

  it('delays the end of a task no longer than the grace period of a write', async () => {
    const index = new TestIndex('stopping', server.url);
    const sink = await TestSink.open(server.url, { 'read.timeout.ms': '0' });
    await sink.write([record(index.name, 0, { key: 'a', value: { n: 0 } })]);
    await server.stopProcess();
    try {
      const pendingWrite = sink.write([record(index.name, 1, { key: 'a', value: { n: 1 } })]);
      const began = performance.now();
      sink.stop();
      await expect(pendingWrite).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      await server.cont();
      await sink.close();
    }
  });
});

describe('documents that are rejected by a busy cluster', () => {
  // A full disk gives 429; the cluster accepts them again when there is space.
  const block = (index: TestIndex, on: boolean) =>
    index.request('PUT', '/_settings', { 'index.blocks.read_only_allow_delete': on ? true : null });

  it.each(['insert', 'upsert'])('are written afterwards, within the same write (%s)', async method => {
    const [busy, idle] = [new TestIndex('busy', server.url), new TestIndex('idle', server.url)];
    await using sink = await TestSink.open(server.url, { 'write.method': method, 'max.retries': '1000' });
    const put = (index: TestIndex, offset: number) => record(index.name, offset, { key: 'a', value: { offset } });
    await sink.write([put(busy, 0), put(idle, 0)]);
    await block(busy, true);
    const pendingWrite = sink.write([put(busy, 1), put(idle, 1), put(busy, 2)]);
    await eventually('the other index has its document', async () => {
      const hit = (await idle.documents())['a'];
      return hit?._source['offset'] === 1;
    });
    await block(busy, false);
    await pendingWrite;
    expect(await busy.sources()).toEqual({ a: { offset: 2 } });
    expect(Number(sink.figures['retries'])).toBeGreaterThan(0);
  });

  it('are a retriable error when max.retries are used up', async () => {
    const index = new TestIndex('full', server.url);
    await using sink = await TestSink.open(server.url, { 'max.retries': '2', 'retry.backoff.ms': '1' });
    await sink.write([record(index.name, 0, { key: 'a', value: { n: 0 } })]);
    await block(index, true);
    await expect(sink.write([record(index.name, 1, { key: 'a', value: { n: 1 } })])).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringMatching(/status 429/),
    });
  });
});

describe('several nodes', () => {
  it('one is down: the other one is used', async () => {
    const index = new TestIndex('nodes', server.url);
    const unreachable = `http://127.0.0.1:${await freePort()}`;
    await using sink = await TestSink.open(`${unreachable},${server.url}`, { 'max.retries': '1' });
    for (let offset = 0; offset < 4; offset++)
      await sink.write([record(index.name, offset, { key: 'a', value: { offset } })]);
    expect(await index.sources()).toEqual({ a: { offset: 3 } });
  });

  it('all are down: a retriable error that names only the address', async () => {
    const unreachable = `127.0.0.1:${await freePort()}`;
    await expect(TestSink.open(unreachable, { 'max.retries': '1' })).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: `${unreachable} cannot be reached (ECONNREFUSED).`,
    });
  });
});
