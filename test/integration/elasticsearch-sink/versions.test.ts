import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SinkRecord } from '../../../src/api/index.ts';
import { schemaOf } from '../../../src/api/index.ts';
import { TestIndex } from '../../support/elasticsearch.ts';
import { record, TestSink } from './sink.ts';

let index: TestIndex;
beforeAll(() => {
  index = new TestIndex('versions');
});
afterAll(() => index[Symbol.asyncDispose]());

const keyed = { 'behavior.on.null.values': 'delete' };
let keys = 0;
/** A random key, and its records. */
function ofKey() {
  const key = `k${keys++}`;
  return {
    key,
    put: (offset: number, value: Readonly<Record<string, string | number>>) =>
      record(index.name, offset, { key, value }),
    tombstone: (offset: number) => record(index.name, offset, { key }),
  };
}

describe('a keyed record', () => {
  it('is the document of its key, with its offset as the version', async () => {
    const { key, put } = ofKey();
    await using sink = await TestSink.open(index.url, keyed);
    await sink.write([put(3, { n: 1 }), put(8, { n: 2, only: 'here' })]);
    await sink.write([put(9, { n: 3 })]);
    expect((await index.documents())[key]).toMatchObject({ _version: 9, _source: { n: 3 } });
    expect((await index.sources())[key]).toEqual({ n: 3 });
  });

  it('that is repeated, or older, changes nothing', async () => {
    const { key, put, tombstone } = ofKey();
    const { key: gone, put: putGone, tombstone: bury } = ofKey();
    const records = [put(1, { n: 1 }), putGone(2, { n: 1 }), tombstone(3), put(4, { n: 2 }), put(5, { n: 3 }), bury(6)];
    await using sink = await TestSink.open(index.url, keyed);
    await sink.write(records);
    const before = await index.documents();
    // A successor after a crash, and an old attempt whose writes arrive late.
    await using successor = await TestSink.open(index.url, keyed);
    await successor.write(records);
    await sink.write(records.slice(0, 3));
    await sink.write([records[4] as SinkRecord, records[3] as SinkRecord, records[0] as SinkRecord]);
    expect(await index.documents()).toEqual(before);
    expect(before[key]).toMatchObject({ _version: 5, _source: { n: 3 } });
    expect(before[gone]).toBeUndefined();
    expect(successor.figures['stale']).toBe(6);
    expect(sink.figures['malformed']).toBe(0);
  });

  it('with a number as its key has its text as the id; structs, fractions, null and empty keys are rejected', async () => {
    await using sink = await TestSink.open(index.url, keyed);
    const value = { n: 1 };
    const refused = await sink.writeTolerant([
      record(index.name, 0, { keySchema: schemaOf('int64'), key: 9_007_199_254_740_993n, value }),
      record(index.name, 1, { keySchema: schemaOf('int32'), key: -4, value }),
      record(index.name, 2, { key: 12, value }),
      record(index.name, 3, { key: 'x'.repeat(512), value }),
      record(index.name, 10, { key: { id: 1 }, value }),
      record(index.name, 11, { key: 1.5, value }),
      record(index.name, 12, { value }),
      record(index.name, 13, { key: '', value }),
      record(index.name, 14, { key: 'ä'.repeat(257), value }),
      record(index.name, 15, { keySchema: schemaOf('float64'), key: 1, value }),
      record(index.name, 16, { key: 'whole', value: 'text' }),
      record(index.name, 17, { key: 'whole', value: [1] }),
    ]);
    expect(Object.keys(refused)).toEqual(['10', '11', '12', '13', '14', '15', '16', '17']);
    expect(refused[10]).toMatch(/OBJECT is not supported as the document id.*ExtractField\$Key.*offset=10/);
    expect(refused[12]).toContain('Key is used as document id and can not be null.');
    expect(refused[16]).toContain('only an object can be a document');
    const ids = Object.keys(await index.documents());
    expect(ids).toEqual(expect.arrayContaining(['9007199254740993', '-4', '12', 'x'.repeat(512)]));
    expect(ids).not.toContain('whole');
  });

  it('has the version of a configured header', async () => {
    const { key, put } = ofKey();
    const version = (value: bigint | string) => [{ key: 'v', schema: null, value }];
    await using sink = await TestSink.open(index.url, { 'external.version.header': 'v' });
    await sink.write([{ ...put(1, { n: 1 }), headers: version(50n) }]);
    await sink.write([{ ...put(2, { n: 2 }), headers: version('49') }]);
    expect((await index.documents())[key]).toMatchObject({ _version: 50, _source: { n: 1 } });
    const refused = await sink.writeTolerant([
      put(3, { n: 3 }),
      { ...put(4, { n: 4 }), headers: version('9223372036854775808') },
      { ...put(5, { n: 5 }), headers: version('9223372036854775807') },
    ]);
    expect(Object.keys(refused)).toEqual(['3', '4']);
    expect(refused[4]).toContain('The header v must contain the version');
    expect((await index.sources())[key]).toEqual({ n: 5 });
  });
});

describe('a null value', () => {
  it.each([
    ['delete', []],
    ['ignore', []],
    ['fail', ['1', '2']],
  ])('%s', async (behavior, expected) => {
    const { key, put, tombstone } = ofKey();
    await using sink = await TestSink.open(index.url, { 'behavior.on.null.values': behavior });
    const refused = await sink.writeTolerant([put(0, { n: 1 }), tombstone(1), record(index.name, 2)]);
    expect(Object.keys(refused)).toEqual(expected);
    expect(Object.keys(await index.documents()).includes(key)).toBe(behavior !== 'delete');
  });

  it('deletes nothing if ids are topic+partition+offset, and nothing that does not exist', async () => {
    const { put, tombstone } = ofKey();
    await using own = await TestSink.open(index.url, { ...keyed, 'topic.key.ignore': index.name });
    await own.write([put(100, { n: 1 }), tombstone(101)]);
    expect(Object.keys(await index.documents())).toContain(`${index.name}+0+100`);
    await using sink = await TestSink.open(index.url, keyed);
    await sink.write([ofKey().tombstone(1)]);
  });

  it('that is the first of its topic creates no mapping', async () => {
    await using other = new TestIndex('tombstones');
    await using sink = await TestSink.open(other.url, keyed);
    await sink.write([record(other.name, 0, { key: 'a' })]);
    expect(await other.properties()).toBeUndefined();
    await sink.write([record(other.name, 1, { key: 'b', value: { n: 1 } })]);
    expect(await other.sources()).toEqual({ b: { n: 1 } });
  });
});

describe('write.method=upsert', () => {
  it('updates fields of the document of the key, and keeps the others', async () => {
    const { key, put, tombstone } = ofKey();
    await using sink = await TestSink.open(index.url, { ...keyed, 'write.method': 'UPSERT' });
    await sink.write([put(0, { a: 1, b: 1 }), put(1, { b: 2 })]);
    await sink.write([put(2, { c: 3 })]);
    expect((await index.sources())[key]).toEqual({ a: 1, b: 2, c: 3 });
    await sink.write([tombstone(3)]);
    expect((await index.sources())[key]).toBeUndefined();
  });

  it("keeps the order of each document's changes over concurrent requests", async () => {
    await using sink = await TestSink.open(index.url, { ...keyed, 'write.method': 'upsert', 'batch.size': '50' });
    const all = Array.from({ length: 20 }, ofKey);
    const records = Array.from({ length: 2000 }, (_, offset) => {
      const one = all[offset % all.length] as ReturnType<typeof ofKey>;
      return offset % 7 === 3 ? one.tombstone(offset) : one.put(offset, { last: offset, [`f${offset % 3}`]: offset });
    });
    const expected = new Map<string, Record<string, unknown>>();
    for (const { key, value } of records)
      if (value === null) expected.delete(String(key));
      else expected.set(String(key), { ...expected.get(String(key)), ...(value as Record<string, unknown>) });
    await sink.write(records);
    const sources = await index.sources();
    for (const { key } of all) expect(sources[key]).toEqual(expected.get(key));
    // Writing all of it again, as after a crash, gives the same result.
    await sink.write(records);
    const again = await index.sources();
    for (const { key } of all) expect(again[key]).toEqual(expected.get(key));
  });
});

it('many records are sent in several concurrent requests, with each document at its last version', async () => {
  await using other = new TestIndex('many');
  await using sink = await TestSink.open(other.url, {
    'batch.size': '100',
    'bulk.size.bytes': '4000',
    'connection.compression': 'true',
  });
  await sink.write(
    Array.from({ length: 5000 }, (_, offset) =>
      record(other.name, offset, { key: `k${offset % 1250}`, value: { offset, text: 'x'.repeat(offset % 90) } }),
    ),
  );
  const documents = Object.values(await other.documents());
  expect(documents).toHaveLength(1250);
  for (const { _id, _version, _source } of documents) {
    expect(_version).toBe(3750 + Number(_id.slice(1)));
    expect(_source['offset']).toBe(_version);
  }
});
