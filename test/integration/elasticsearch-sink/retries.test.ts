import { expect, it } from 'vitest';
import { elasticsearchUrl, TestIndex } from '../../support/elasticsearch.ts';
import { startTroubled } from './fault-proxy.ts';
import { record, TestSink } from './sink.ts';

/** Three rounds of changes to 20 documents, each with its own field. */
const changes = (topic: string) =>
  Array.from({ length: 60 }, (_, offset) =>
    record(topic, offset, { key: `k${offset % 20}`, value: { last: offset, [`f${Math.floor(offset / 20)}`]: offset } }),
  );

const config = { 'retry.backoff.ms': '1', 'max.in.flight.requests': '1' };

it.each(['insert', 'upsert'])('rejected items are sent again in order (%s)', async method => {
  await using index = new TestIndex(`items_${method}`);
  // The first change of each third document, then every other item, then a single one.
  const every = (n: number) => ({ busy: (_: readonly string[], place: number) => place % n === 0 });
  const third = { busy: (_: readonly string[], place: number) => place < 20 && place % 3 === 0 };
  await using front = await startTroubled(elasticsearchUrl(), [third, every(2), every(1000)]);
  await using sink = await TestSink.open(front.url, { ...config, 'write.method': method });
  await sink.write(changes(index.name));
  expect(front.requestCount()).toBe(4);
  const sources = await index.sources();
  for (let key = 0; key < 20; key++) {
    const last = key + 40;
    expect(sources[`k${key}`]).toEqual(
      method === 'insert' ? { last, f2: last } : { last, f0: key, f1: key + 20, f2: last },
    );
  }
});

it('a lost answer does no harm', async () => {
  await using index = new TestIndex('lost_answer');
  await using front = await startTroubled(elasticsearchUrl(), ['drop answer']);
  await using sink = await TestSink.open(front.url, config);
  await sink.write(changes(index.name));
  expect(sink.figures).toMatchObject({ retries: 1, stale: 60 });
  for (const { _version, _source } of Object.values(await index.documents())) expect(_source['last']).toBe(_version);
});

it('a request to a busy cluster is repeated up to max.retries', async () => {
  await using index = new TestIndex('busy_cluster');
  await using front = await startTroubled(elasticsearchUrl(), [429, 503, 502, 429, 503, 504]);
  await using sink = await TestSink.open(front.url, { ...config, 'max.retries': '2' });
  await expect(sink.write(changes(index.name))).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    message: expect.stringContaining('HTTP 502'),
  });
  expect(front.requestCount()).toBe(3);
  await using patient = await TestSink.open(front.url, { ...config, 'max.retries': '3' });
  await patient.write(changes(index.name));
  expect(front.requestCount()).toBe(7);
});

it('a request that is too large is split, down to a document that is too large by itself', async () => {
  await using index = new TestIndex('too_large');
  await using front = await startTroubled(elasticsearchUrl(), body => (body.length > 1000 ? 413 : 'pass'));
  await using sink = await TestSink.open(front.url, config);
  const records = changes(index.name).with(
    30,
    record(index.name, 30, { key: 'big', value: { text: 'x'.repeat(1000) } }),
  );
  expect(await sink.writeTolerant(records)).toEqual({ 30: expect.stringMatching(/HTTP 413.*offset=30/) });
  const documents = await index.documents();
  expect(Object.keys(documents)).toHaveLength(20);
  expect(documents['k10']).toMatchObject({ _version: 50 });
});
