import { expect, it } from 'vitest';
import { type Log, LogicalName, schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';
import { TestIndex } from '../../support/elasticsearch.ts';
import { record, TestSink } from './sink.ts';

const mapping = { mappings: { dynamic: 'strict', properties: { n: { type: 'integer' }, at: { type: 'date' } } } };

/** Ten records, of which 2, 5 and 6 do not match the mapping. */
const recordsOf = (topic: string) =>
  Array.from({ length: 10 }, (_, offset) =>
    record(topic, offset, {
      key: `key-${offset}`,
      value:
        offset === 2
          ? { n: 'secret' }
          : offset === 5
            ? { unknown: 1 }
            : offset === 6
              ? { at: 'secret' }
              : { n: offset },
    }),
  );

const fits = ['key-0', 'key-1', 'key-3', 'key-4', 'key-7', 'key-8', 'key-9'];

function collecting(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

it('fail: each is a data error of its record, found in one request, and the others are written', async () => {
  await using index = new TestIndex('malformed_fail');
  await index.create(mapping);
  await using sink = await TestSink.open(index.url);
  const refused = await sink.writeTolerant(recordsOf(index.name));
  expect(Object.keys(refused)).toEqual(['2', '5', '6']);
  expect(refused[2]).toMatch(/_parsing_exception: .*failed to parse field \[n\] of type \[integer\].*offset=2\]/);
  expect(refused[5]).toMatch(/strict_dynamic_mapping_exception.*\[unknown\]/);
  expect(JSON.stringify(refused)).not.toMatch(/secret|key-/);
  expect(Object.keys(await index.documents()).sort()).toEqual(fits);
  // Rejected records are not written with the next batch.
  await sink.write([record(index.name, 20, { key: 'key-2', value: { n: 20 } })]);
  expect((await index.sources())['key-2']).toEqual({ n: 20 });
  expect(sink.figures).toMatchObject({ malformed: 3, stale: 0 });
});

it('the message contains the root cause if it names a limit or a field', async () => {
  await using index = new TestIndex('causes');
  await index.create({ settings: { 'index.mapping.total_fields.limit': 5, 'index.mapping.depth.limit': 2 } });
  await using sink = await TestSink.open(index.url, { 'schema.ignore': 'true' });
  const values = [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, { '': 1 }, { x: { y: { z: 'secret' } } }, { '.': 'secret' }];
  const refused = await sink.writeTolerant(
    values.map((value, offset) => record(index.name, offset, { key: `key-${offset}`, value })),
  );
  expect(refused[0]).toMatch(/Limit of total fields \[5\] has been exceeded/);
  expect(refused[1]).toMatch(/field name cannot be an empty string/);
  expect(refused[2]).toMatch(/Limit of mapping depth \[2\] has been exceeded/);
  expect(JSON.stringify(refused)).not.toMatch(/secret|key-/);
});

it.each(['ignore', 'warn'])('%s: skipped', async behavior => {
  await using index = new TestIndex(`malformed_${behavior}`);
  await index.create(mapping);
  const { log, lines } = collecting();
  await using sink = await TestSink.open(index.url, { 'behavior.on.malformed.documents': behavior }, log);
  await sink.write(recordsOf(index.name));
  expect(Object.keys(await index.documents()).sort()).toEqual(fits);
  const left = lines.filter(line => line.includes('malformed document skipped'));
  expect(left).toHaveLength(3);
  expect(left.every(line => line.startsWith(behavior === 'warn' ? 'warn' : 'debug'))).toBe(true);
  expect(lines.join()).not.toMatch(/secret|key-/);
});

it('drop.invalid.message skips records that cannot become documents', async () => {
  await using index = new TestIndex('invalid');
  const { log, lines } = collecting();
  await using sink = await TestSink.open(index.url, { 'drop.invalid.message': 'true' }, log);
  await sink.write([record(index.name, 0, { value: { n: 1 } }), record(index.name, 1, { key: 'a', value: { n: 1 } })]);
  expect(Object.keys(await index.documents())).toEqual(['a']);
  expect(lines.filter(line => line.includes('invalid record skipped'))).toEqual([expect.stringContaining('offset=0')]);
});

it('a read-only index is not an error of the documents', async () => {
  await using index = new TestIndex('read_only');
  await index.create({ settings: { 'index.blocks.write': true } });
  await using sink = await TestSink.open(index.url, {
    'behavior.on.malformed.documents': 'ignore',
    'max.retries': '0',
  });
  await expect(sink.write([record(index.name, 0, { key: 'a', value: { n: 1 } })])).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    message: expect.stringContaining('cluster_block_exception'),
  });
});

it('an index that was deleted under a running task is created with its mapping when the task restarts', async () => {
  await using index = new TestIndex('deleted');
  const schema = structOf({ at: schemaOf('int64', { name: LogicalName.Timestamp }) });
  const put = (offset: number) =>
    record(index.name, offset, { key: 'a', valueSchema: schema, value: new ValueStruct(schema, [new Date(offset)]) });
  await using sink = await TestSink.open(index.url);
  await sink.write([put(0)]);
  await using _ = await autoCreation(index);
  await index[Symbol.asyncDispose]();
  await expect(sink.write([put(1)])).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
  await using successor = await TestSink.open(index.url);
  await successor.write([put(1)]);
  expect(await index.sources()).toEqual({ a: { at: 1 } });
  expect(await index.properties()).toEqual({ at: { type: 'date' } });
});

/** Disables automatic index creation until it is disposed. */
async function autoCreation(index: TestIndex): Promise<AsyncDisposable> {
  const set = async (value: string | null) => {
    const answer = await fetch(`${index.url}/_cluster/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ transient: { 'action.auto_create_index': value } }),
    });
    expect(answer.status).toBe(200);
  };
  await set(`-${index.name},+*`);
  return { [Symbol.asyncDispose]: () => set(null) };
}

it('a request that is rejected as a whole because of one record fails only that record', async () => {
  await using index = new TestIndex('whole');
  await using sink = await TestSink.open(index.url);
  // The longest id has 512 bytes.
  const records = Array.from({ length: 9 }, (_, offset) =>
    record(index.name, offset, { key: offset === 4 ? 'ä'.repeat(257) : `key-${offset}`, value: { n: offset } }),
  );
  const refused = await sink.writeTolerant(records);
  expect(Object.keys(refused)).toEqual(['4']);
  expect(refused[4]).toMatch(/action_request_validation_exception.*id \[…\] is too long.*offset=4/);
  expect(refused[4]).not.toContain('ä');
  expect(Object.keys(await index.documents())).toHaveLength(8);
});
