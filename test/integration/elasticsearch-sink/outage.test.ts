import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/errors.ts';
import { startElasticsearch } from '../../../src/stack/index.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { TestIndex } from '../../support/elasticsearch.ts';
import { eventually } from '../../support/eventually.ts';
import { record, TestSink } from './sink.ts';

/** One of its own, to be killed. */
let server: Awaited<ReturnType<typeof startElasticsearch>>;
beforeAll(async () => {
  server = await startElasticsearch();
});
afterAll(() => server.stop());

it('a server that is killed in the middle of a write and started again has each document at its last state', async () => {
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
    const begin = () => eventually('the task begins', () => TestSink.open(server.url, config), { within: 90_000 });
    let sink = await begin();
    for (let batch = 0; batch < batches; ) {
      const written = sink.write(ofBatch(index.name, batch));
      if (batch === 3) killed ??= kill();
      try {
        await written;
        batch++;
      } catch (error) {
        // As the engine and its workflow do: the task begins anew with what has not been written whole.
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
  it('is given up after its timeout; and what it had taken by then is no harm', async () => {
    const index = new TestIndex('frozen', server.url);
    const put = (offset: number) => record(index.name, offset, { key: 'a', value: { offset } });
    await using sink = await TestSink.open(server.url, { 'read.timeout.ms': '200', 'max.retries': '1' });
    await eventually('the first write is in', async () => {
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

  it('holds up the end of a task no longer than the grace that a write has', async () => {
    const index = new TestIndex('stopping', server.url);
    const sink = await TestSink.open(server.url, { 'read.timeout.ms': '0' });
    await sink.write([record(index.name, 0, { key: 'a', value: { n: 0 } })]);
    await server.stopProcess();
    try {
      const written = sink.write([record(index.name, 1, { key: 'a', value: { n: 1 } })]);
      const began = performance.now();
      sink.stop();
      await expect(written).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      await server.cont();
      await sink.close();
    }
  });
});

describe('documents that a cluster is too busy for', () => {
  // What it says when its disk is full (429), and takes back when there is room.
  const block = (index: TestIndex, on: boolean) =>
    index.request('PUT', '/_settings', { 'index.blocks.read_only_allow_delete': on ? true : null });

  it.each(['insert', 'upsert'])('go in once it has passed, within the same write (%s)', async method => {
    const [busy, idle] = [new TestIndex('busy', server.url), new TestIndex('idle', server.url)];
    await using sink = await TestSink.open(server.url, { 'write.method': method, 'max.retries': '1000' });
    const put = (index: TestIndex, offset: number) => record(index.name, offset, { key: 'a', value: { offset } });
    await sink.write([put(busy, 0), put(idle, 0)]);
    await block(busy, true);
    const written = sink.write([put(busy, 1), put(idle, 1), put(busy, 2)]);
    await eventually('the other index has its document', async () => {
      const hit = (await idle.documents())['a'];
      return hit?._source['offset'] === 1;
    });
    await block(busy, false);
    await written;
    expect(await busy.sources()).toEqual({ a: { offset: 2 } });
    expect(Number(sink.figures['retries'])).toBeGreaterThan(0);
  });

  it('are an error that passes by itself when max.retries are used up', async () => {
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
  it('of which one is down: the other is asked', async () => {
    const index = new TestIndex('nodes', server.url);
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await using sink = await TestSink.open(`${nobody},${server.url}`, { 'max.retries': '1' });
    for (let offset = 0; offset < 4; offset++)
      await sink.write([record(index.name, offset, { key: 'a', value: { offset } })]);
    expect(await index.sources()).toEqual({ a: { offset: 3 } });
  });

  it('all down: an error that passes by itself, with the address and no more', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    await expect(TestSink.open(nobody, { 'max.retries': '1' })).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: `${nobody} cannot be reached (ECONNREFUSED).`,
    });
  });
});
