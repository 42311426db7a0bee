import { describe, expect, it } from 'vitest';
import { bulkItemResult } from '../../../connectors/elasticsearch-sink/bulk/item-results.ts';
import { RequestComposer } from '../../../connectors/elasticsearch-sink/bulk/request-composer.ts';
import { settingsOf } from '../../../connectors/elasticsearch-sink/config/settings.ts';
import { readError } from '../../../connectors/elasticsearch-sink/http/error-body.ts';
import { connector } from '../../../connectors/elasticsearch-sink/index.ts';
import { indexName } from '../../../connectors/elasticsearch-sink/indices/names.ts';
import type { SinkRecord } from '../../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';

function composer(props: Readonly<Record<string, string>> = {}) {
  const { config } = connector.config.check({ 'connection.url': 'http://localhost:9200', ...props });
  if (config === undefined) throw new Error('wrong configuration');
  return new RequestComposer(settingsOf(config), indexName);
}

const record = (offset: number, parts: Partial<SinkRecord> = {}): SinkRecord => ({
  topic: 'Orders',
  partition: 1,
  originalTopic: 'Orders',
  originalPartition: 1,
  offset,
  timestamp: null,
  headers: [],
  keySchema: null,
  key: 'k',
  valueSchema: null,
  value: { n: offset },
  ...parts,
});

/** The lines of every request, lane by lane. */
function requests(props: Readonly<Record<string, string>>, records: readonly SinkRecord[]): string[][][] {
  const { lanes } = composer(props).compose(records, new Set());
  return lanes.map(lane =>
    lane.map(bulk =>
      bulk
        .lines(bulk.records.map((_, item) => item))
        .toString()
        .split('\n'),
    ),
  );
}
const lines = (props: Readonly<Record<string, string>>, records: readonly SinkRecord[]) =>
  requests(props, records).flat(2);

describe('the lines of a request', () => {
  it('keyed records have their offset as version', () => {
    expect(lines({}, [record(5), record(6, { key: 'a "b"\n' })])).toEqual([
      '{"index":{"_index":"orders","_id":"k","version":5,"version_type":"external"}}',
      '{"n":5}',
      '{"index":{"_index":"orders","_id":"a \\"b\\"\\n","version":6,"version_type":"external"}}',
      '{"n":6}',
      '',
    ]);
  });

  it('with ignored keys, ids are the coordinates in Kafka before transforms', () => {
    expect(lines({ 'key.ignore': 'true' }, [record(5, { topic: 'routed', key: null })])).toEqual([
      '{"index":{"_index":"routed","_id":"Orders+1+5"}}',
      '{"n":5}',
      '',
    ]);
  });

  it('the version header is written as a JSON number', () => {
    const versioned = (value: string | bigint) => record(5, { headers: [{ key: 'v', schema: null, value }] });
    const first = (value: string | bigint) => lines({ 'external.version.header': 'v' }, [versioned(value)])[0];
    expect(first('0070')).toBe('{"index":{"_index":"orders","_id":"k","version":70,"version_type":"external"}}');
    expect(first(2n ** 63n - 1n)).toContain('"version":9223372036854775807,');
    expect(['-1', '1.5', '', '9223372036854775808'].map(first)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('tombstones delete documents', () => {
    const nulls = { 'behavior.on.null.values': 'delete' };
    expect(lines(nulls, [record(5, { value: null }), record(6, { key: null, value: null })])).toEqual([
      '{"delete":{"_index":"orders","_id":"k","version":5,"version_type":"external"}}',
      '',
    ]);
    expect(lines({ ...nulls, 'write.method': 'upsert' }, [record(5, { value: null })])).toEqual([
      '{"delete":{"_index":"orders","_id":"k"}}',
      '',
    ]);
  });

  it('upserts update documents', () => {
    expect(lines({ 'write.method': 'upsert', 'max.in.flight.requests': '3' }, [record(5)])).toEqual([
      '{"update":{"_index":"orders","_id":"k","retry_on_conflict":3}}',
      '{"doc":{"n":5},"doc_as_upsert":true}',
      '',
    ]);
  });

  it('nothing remains of a record that fails during encoding', () => {
    const schema = structOf({ a: schemaOf('string'), b: schemaOf('int32') });
    const broken = record(6, { valueSchema: schema, value: new ValueStruct(schema, ['a', null]) });
    const { lanes, rejected } = composer().compose([record(5), broken, record(7)], new Set());
    expect([...rejected.keys()]).toEqual([1]);
    expect(lanes[0]?.[0]?.records).toEqual([0, 2]);
    expect(lanes[0]?.[0]?.lines([0, 1]).toString()).not.toContain('"a"');
    expect(lanes[0]?.[0]?.lines([1]).toString()).toMatch(/"version":7.*\n{"n":7}\n$/);
  });
});

describe('requests', () => {
  const many = Array.from({ length: 1000 }, (_, offset) => record(offset, { key: `k${offset % 10}` }));

  it('end at batch.size records, or with the first record after bulk.size.bytes', () => {
    const sizes = (props: Readonly<Record<string, string>>) =>
      requests({ 'max.in.flight.requests': '1', ...props }, many)[0]?.map(bulk => (bulk.length - 1) / 2);
    expect(sizes({})).toEqual([1000]);
    expect(sizes({ 'bulk.size.bytes': '-1' })).toEqual([1000]);
    expect(sizes({ 'batch.size': '400' })).toEqual([400, 400, 200]);
    expect(sizes({ 'bulk.size.bytes': '1' })).toHaveLength(1000);
  });

  it('use at most max.in.flight.requests lanes, and fewer for few records', () => {
    expect(requests({ 'max.in.flight.requests': '2' }, many)).toHaveLength(2);
    expect(requests({}, many)).toHaveLength(3);
    expect(requests({}, many.slice(0, 20))).toHaveLength(1);
  });

  it('updates of a document are in one lane, in order', () => {
    const lanes = requests({ 'write.method': 'upsert', 'batch.size': '30' }, many);
    expect(lanes.filter(lane => lane.length > 0).length).toBeGreaterThan(1);
    const laneOf = new Map<string, { lane: number; n: number }>();
    for (const [lane, bulks] of lanes.entries()) {
      const all = bulks.flat().filter(line => line !== '');
      for (let i = 0; i < all.length; i += 2) {
        const { _id } = JSON.parse(all[i] as string).update;
        const { n } = JSON.parse(all[i + 1] as string).doc;
        const before = laneOf.get(_id);
        if (before !== undefined) expect({ lane, later: n > before.n }).toEqual({ lane: before.lane, later: true });
        laneOf.set(_id, { lane, n });
      }
    }
    expect(laneOf.size).toBe(10);
  });

  it('skip records that are already written', () => {
    const { lanes } = composer().compose(many, new Set(many.slice(0, 999)));
    expect(lanes.flat().flatMap(bulk => bulk.records)).toEqual([999]);
  });
});

describe('a bulk item result', () => {
  const item = (status: number, type?: string) => ({
    index: { status, ...(type ? { error: { type, reason: '' } } : {}) },
  });
  it.each([
    [201, undefined, 'written'],
    [404, undefined, 'written'],
    [409, 'version_conflict_engine_exception', 'written'],
    [429, 'es_rejected_execution_exception', 'retriable'],
    [429, 'cluster_block_exception', 'retriable'],
    [403, 'cluster_block_exception', 'retriable'],
    [403, 'security_exception', 'rejected'],
    [503, 'unavailable_shards_exception', 'retriable'],
    [400, 'mapper_parsing_exception', 'malformed'],
    [400, 'document_parsing_exception', 'malformed'],
    [400, 'strict_dynamic_mapping_exception', 'malformed'],
    [404, 'index_not_found_exception', 'indexNotFound'],
    [400, 'index_closed_exception', 'rejected'],
  ])('%i %s is %s', (status, type, kind) => {
    expect(bulkItemResult(item(status, type), true).kind).toBe(kind);
  });

  it('a conflict has the version of the document', () => {
    const conflict = (reason: string) =>
      bulkItemResult({ index: { status: 409, error: { type: 'version_conflict_engine_exception', reason } } }, true)
        .conflict;
    const text = 'version conflict, current version [7] is higher or equal to the one provided [5]';
    expect(conflict(`[k1]: ${text}`)).toBe(7);
    expect(conflict(`[${text.replace('7', '9')}]: ${text}`)).toBe(7);
    expect(conflict('[k1]: version conflict')).toBeNaN();
    expect(bulkItemResult(item(201), true).conflict).toBeUndefined();
  });

  it('a conflict without versions is retriable', () => {
    expect(bulkItemResult(item(409, 'version_conflict_engine_exception'), false).kind).toBe('retriable');
  });
});

it.each([
  [
    "failed to parse field [n] of type [integer] in document with id 'k1'. Preview of field's value: 'secret'",
    'failed to parse field [n] of type [integer]',
  ],
  ['Validation Failed: 1: id [se]cret] is too long', 'Validation Failed: 1: id […] is too long'],
  ['Numeric value (12345) out of range of int', 'Numeric value […] out of range of int'],
  ['For input string: "secret"', 'For input string: …'],
  ['mapping set to strict, dynamic introduction of [a] within [_doc] is not allowed', undefined],
])('the reason %s contains no value', (reason, shown) => {
  expect(readError({ type: 't', reason })).toEqual({ type: 't', reason: shown ?? reason });
});

it.each([
  ['mysql.Login', 'mysql.login'],
  ['_hidden', 'hidden'],
  ['-dash', 'dash'],
  ['.', 'dot'],
  ['..', 'dotdot'],
  ['x'.repeat(249), 'x'.repeat(249)],
])('topic %s has index %s', (topic, index) => {
  expect(indexName(topic)).toBe(index);
});
