import { describe, expect, it } from 'vitest';
import { LogicalName, mapOf, schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';
import { TestIndex } from '../../support/elasticsearch.ts';
import { record, TestSink } from './sink.ts';

const login = structOf({
  username: schemaOf('string', { optional: true }),
  login_time: schemaOf('int64', { optional: true, name: LogicalName.Timestamp }),
});
const at = new Date('2026-01-02T03:04:05Z');
const loginOf = (username: string) => new ValueStruct(login, [username, at]);

describe('the introductory configuration', () => {
  it('indexes each record under topic+partition+offset', async () => {
    await using index = new TestIndex('mysql.login');
    await using sink = await TestSink.open(index.url, { 'key.ignore': 'true' });
    await sink.write([
      record(index.name, 0, { valueSchema: login, value: loginOf('alice') }),
      record(index.name, 7, { partition: 2, valueSchema: login, value: loginOf('bob "B" \u{1f600}') }),
    ]);
    expect(await index.sources()).toEqual({
      [`${index.name}+0+0`]: { username: 'alice', login_time: at.getTime() },
      [`${index.name}+2+7`]: { username: 'bob "B" \u{1f600}', login_time: at.getTime() },
    });
    expect(await index.properties()).toEqual({
      username: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
      login_time: { type: 'date' },
    });
  });
});

describe('an index', () => {
  it('of a topic in upper case has a lower-case name', async () => {
    await using index = new TestIndex('capitals');
    await using sink = await TestSink.open(index.url, { 'key.ignore': 'true', 'schema.ignore': 'true' });
    await sink.write([record(index.name.toUpperCase(), 0, { value: { a: 1 } })]);
    expect(await index.sources()).toEqual({ [`${index.name.toUpperCase()}+0+0`]: { a: 1 } });
  });

  it('has a mapping for each Connect type, and accepts its values', async () => {
    const schema = structOf({
      int8: schemaOf('int8'),
      int16: schemaOf('int16'),
      int32: schemaOf('int32', { default: 5 }),
      int64: schemaOf('int64'),
      float32: schemaOf('float32'),
      float64: schemaOf('float64'),
      boolean: schemaOf('boolean', { default: true }),
      string: schemaOf('string', { default: 'x' }),
      bytes: schemaOf('bytes'),
      decimal: schemaOf('bytes', { name: LogicalName.Decimal, parameters: { scale: '2' } }),
      date: schemaOf('int32', { name: LogicalName.Date, default: new Date(0) }),
      time: schemaOf('int32', { name: LogicalName.Time }),
      tags: { type: 'array', items: schemaOf('string'), optional: false },
      words: mapOf(schemaOf('string'), schemaOf('int32')),
      numbers: mapOf(schemaOf('int32'), schemaOf('int32')),
      inner: structOf({ n: schemaOf('int64', { optional: true }) }),
    });
    const { Decimal } = await import('../../../src/api/index.ts');
    const value = new ValueStruct(schema, [
      -128,
      -32768,
      null,
      2n ** 63n - 1n,
      Math.fround(0.1),
      1.5e300,
      false,
      'a',
      Buffer.from([1, 2, 255]),
      new Decimal(-1230n, 2),
      new Date('2026-01-02T00:00:00Z'),
      new Date(3_600_000),
      ['x', 'y'],
      new Map([['one', 1]]),
      new Map([[7, 8]]),
      new ValueStruct(schema.byName.get('inner')?.schema as never, [null]),
    ]);
    await using index = new TestIndex('types');
    await using sink = await TestSink.open(index.url, { 'key.ignore': 'true' });
    await sink.write([record(index.name, 0, { valueSchema: schema, value })]);
    const text = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } };
    expect(await index.properties()).toEqual({
      int8: { type: 'byte' },
      int16: { type: 'short' },
      int32: { type: 'integer', null_value: 5 },
      int64: { type: 'long' },
      float32: { type: 'float' },
      float64: { type: 'double' },
      boolean: { type: 'boolean', null_value: true },
      string: text,
      bytes: { type: 'binary' },
      decimal: { type: 'double' },
      date: { type: 'date', null_value: '0' },
      time: { type: 'date' },
      tags: text,
      words: { properties: { one: { type: 'long' } } },
      numbers: { properties: { key: { type: 'integer' }, value: { type: 'integer' } } },
      inner: { properties: { n: { type: 'long' } } },
    });
    const [source] = Object.values(await index.sources());
    expect(source).toEqual({
      int8: -128,
      int16: -32768,
      int32: 5,
      int64: Number(2n ** 63n - 1n),
      float32: 0.1,
      float64: 1.5e300,
      boolean: false,
      string: 'a',
      bytes: 'AQL/',
      decimal: -12.3,
      date: Date.UTC(2026, 0, 2),
      time: 3_600_000,
      tags: ['x', 'y'],
      words: { one: 1 },
      numbers: [{ key: 7, value: 8 }],
      inner: { n: null },
    });
    // Dates are searchable as dates.
    const searchResult = await index.request('POST', '/_count', {
      query: { range: { date: { gte: '2026-01-02', lt: '2026-01-03' } } },
    });
    expect(searchResult).toMatchObject({ count: 1 });
  });

  it('with a mapping of its own keeps it', async () => {
    await using index = new TestIndex('own_mapping');
    await index.create({ mappings: { properties: { username: { type: 'keyword' } } } });
    await using sink = await TestSink.open(index.url, { 'key.ignore': 'true' });
    await sink.write([record(index.name, 0, { valueSchema: login, value: loginOf('alice') })]);
    expect(await index.properties()).toMatchObject({ username: { type: 'keyword' }, login_time: { type: 'long' } });
  });

  it('is mapped by Elasticsearch if the schema is ignored, for all topics or for one', async () => {
    await using all = new TestIndex('all_ignored');
    await using one = new TestIndex('one_ignored');
    for (const [index, config] of [
      [all, { 'schema.ignore': 'true' }],
      [one, { 'topic.schema.ignore': `other,${one.name}` }],
    ] as const) {
      await using sink = await TestSink.open(index.url, { 'key.ignore': 'true', ...config });
      await sink.write([record(index.name, 0, { valueSchema: login, value: loginOf('alice') })]);
      expect(await index.properties()).toMatchObject({ login_time: { type: 'long' } });
    }
  });

  it('is created once by tasks that start together', async () => {
    await using index = new TestIndex('race');
    const sinks = await Promise.all(
      Array.from({ length: 4 }, () => TestSink.open(index.url, { 'key.ignore': 'true' })),
    );
    await Promise.all(
      sinks.map((sink, partition) =>
        sink.write([record(index.name, 0, { partition, valueSchema: login, value: loginOf('x') })]),
      ),
    );
    await Promise.all(sinks.map(sink => sink.close()));
    expect(Object.keys(await index.documents())).toHaveLength(4);
    expect(await index.properties()).toMatchObject({ login_time: { type: 'date' } });
  });

  it('or alias that exists is written to, as configured for the topic', async () => {
    await using index = new TestIndex('external');
    await index.create({ aliases: { [`${index.name}-alias`]: {} } });
    await using sink = await TestSink.open(index.url, {
      'key.ignore': 'true',
      'external.resource.usage': 'alias_index',
      'topic.to.external.resource.mapping': `logins:${index.name}-alias`,
    });
    await sink.write([record('logins', 3, { valueSchema: login, value: loginOf('alice') })]);
    expect(Object.keys(await index.documents())).toEqual(['logins+0+3']);
    await expect(sink.write([record('elsewhere', 0, { value: { a: 1 } })])).rejects.toMatchObject({
      code: 'TASK_CONFIG',
    });
  });
});
