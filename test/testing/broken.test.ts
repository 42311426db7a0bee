import { describe, expect, test } from 'vitest';
import type {
  ConfigProvider,
  ConfigProviderFactory,
  ConfigSpec,
  Converter,
  ConverterFactory,
  Plugin,
  Predicate,
  SinkBatch,
  SinkConnector,
  SinkTask,
  SinkTaskContext,
  SourceBatch,
  SourceConnector,
  SourceTask,
  SourceTaskContext,
  Transform,
} from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { defineConfig, passwordKey, stringKey } from '../../src/config/spec.ts';
import { DataError, FencedError, MillraceError } from '../../src/errors.ts';
import {
  type Check,
  configProviderContract,
  converterContract,
  pluginContract,
  predicateContract,
  sinkContract,
  sinkRecord,
  sourceContract,
  transformContract,
} from '../../src/testing/index.ts';

/**
 * Every check of the suite passes for a component that is right, and fails, with a sentence that says why, for one that
 * is wrong in just this.
 */
type Broken = readonly [check: string, sentence: RegExp, checks: readonly Check[]];

function suite(what: string, good: readonly Check[], broken: readonly Broken[], also: readonly string[] = []): void {
  describe(what, () => {
    test.each(good)('that is right: $name', ({ run }) => run());
    test.concurrent.each(broken)('that is wrong: %s: %s', async (name, sentence, checks) => {
      const found = checks.find(one => one.name === name);
      expect(found, name).toBeDefined();
      const error = await found?.run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ name: 'AssertionError', message: expect.stringMatching(sentence) });
    });
    test('every check is seen to fail', () => {
      const seen = new Set([...broken.map(([name]) => name), ...also]);
      expect(good.map(({ name }) => name).filter(name => !seen.has(name))).toEqual([]);
    });
  });
}

const boom = (): never => {
  throw new TypeError('boom');
};
const config = defineConfig({
  path: stringKey({ doc: 'Where.' }),
  secret: passwordKey({ doc: 'A secret.', default: 'none' }),
});
const props = { path: '/p' };
const [pathKey, secretKey] = config.keys;
if (pathKey === undefined || secretKey === undefined) throw new Error('there are two keys');
type Spec = ConfigSpec<{ readonly path: string; readonly secret: string }>;

// The configuration of a transform stands for that of any component.
const identity: Transform = { apply: record => record };
const transform = (given: Partial<Transform> = {}, spec: Spec = config) =>
  transformContract({ factory: { config: spec, create: () => ({ ...identity, ...given }) }, config: props });
const configured = (given: Partial<Spec>) => transform({}, { ...config, ...given });

const configKeys = 'its keys have the properties that Connect returns';
const configTaken = 'a valid configuration is accepted';
const configMissing = 'a missing required key is an error at that key';
const configAny = 'check never throws, and returns a configuration if and only if there are no errors';
const configSame = 'check does not change the configuration, and returns the same again';
const configPassword = 'a password is not shown';
const configChecks = [configKeys, configTaken, configMissing, configAny, configSame, configPassword];
let turns = 0;

suite('a configuration', configured({}).slice(0, configChecks.length), [
  [configKeys, /A key is there twice: path, secret, path/, configured({ keys: [...config.keys, pathKey] })],
  [configKeys, /path has no documentation/, configured({ keys: [{ ...pathKey, documentation: ' ' }] })],
  [configKeys, /path has the type TEXT/, configured({ keys: [{ ...pathKey, type: 'TEXT' as never }] })],
  [configKeys, /path is required and has a default/, configured({ keys: [{ ...pathKey, defaultValue: 'x' }] })],
  [configTaken, /has errors/, configured({ check: () => config.check({}) })],
  [configTaken, /no value of path/, configured({ check: given => ({ ...config.check(given), values: new Map() }) })],
  [configMissing, /its absence is no error at path/, configured({ check: () => config.check(props) })],
  [
    configAny,
    /check threw boom/,
    configured({ check: given => (given['path'] === '☃' ? boom() : config.check(given)) }),
  ],
  [
    configAny,
    /1 errors and a configuration/,
    configured({ check: given => ({ ...config.check(given), config: { path: '', secret: '' } }) }),
  ],
  [
    configSame,
    /check threw Cannot assign/,
    configured({
      check: given => {
        (given as Record<string, string>)['path'] = 'x';
        return config.check(given);
      },
    }),
  ],
  [
    configSame,
    /differ in their values/,
    configured({ check: given => ({ ...config.check(given), values: new Map([['path', `${turns++}`]]) }) }),
  ],
  [
    configPassword,
    /secret is a password, and its value is shown/,
    configured({
      check: given => ({
        ...config.check(given),
        values: new Map([
          ['path', null],
          ['secret', given['secret'] ?? null],
        ]),
      }),
    }),
  ],
]);

const staysAsItIs = 'it does not change its input record';
const becomes = 'apply returns a record or null, or throws a DataError';
suite(
  'a transform',
  transform(),
  [
    [becomes, /answers undefined/, transform({ apply: () => undefined as never })],
    [becomes, /answers a promise/, transform({ apply: async () => null } as never)],
    [becomes, /threw boom/, transform({ apply: boom })],
    [
      becomes,
      /refused a record of plain with SINK_SETUP/,
      transform({
        apply: () => {
          throw new MillraceError('SINK_SETUP', 'x');
        },
      }),
    ],
    [becomes, /topic must be a text/, transform({ apply: record => ({ ...record, topic: '' }) })],
    [
      becomes,
      /value should be a whole number/,
      transform({ apply: record => ({ ...record, valueSchema: schemaOf('int32'), value: 'x' }) }),
    ],
    [
      staysAsItIs,
      /changes the record/,
      transform({
        apply: record => {
          if (record.value instanceof Uint8Array) record.value[0] = (record.value[0] ?? 0) + 1;
          return record;
        },
      }),
    ],
    [
      'a sink record keeps its offset, original topic and original partition',
      /loses offset/,
      transform({ apply: record => ({ ...record, offset: 99 }) }),
    ],
  ],
  configChecks,
);

const predicate = (given: Partial<Predicate> = {}) =>
  predicateContract({
    factory: { config, create: () => ({ test: record => record.topic === 'plain', ...given }) },
    config: props,
  });
const holds = 'test returns the same boolean each time';
suite(
  'a predicate',
  predicate(),
  [
    [holds, /answers 1/, predicate({ test: () => 1 as never })],
    [holds, /threw boom/, predicate({ test: boom })],
    [holds, /answers differently the second time/, predicate({ test: () => turns++ % 2 === 0 })],
    [
      staysAsItIs,
      /changes the record/,
      predicate({
        test: record => {
          if (record.value instanceof Uint8Array) record.value[0] = (record.value[0] ?? 0) + 1;
          return true;
        },
      }),
    ],
  ],
  configChecks,
);

const text: Converter = {
  fromConnect(_topic, _schema, value, out) {
    if (value === null) return false;
    if (typeof value !== 'string') throw new DataError('no text');
    out.utf8(value);
    return true;
  },
  toConnect: (_topic, bytes) => ({ schema: null, value: bytes === null ? null : Buffer.from(bytes).toString() }),
};
const converter = (given: Partial<Converter> = {}) => {
  const factory: ConverterFactory<unknown> = { config, create: () => ({ ...text, ...given }) };
  return converterContract({
    factory,
    config: props,
    samples: [
      { schema: null, value: 'a' },
      { schema: null, value: 'bé' },
    ],
  });
};
const reads = 'it reads what it writes, as a key and as a value';
const appends = 'it appends to what is there, and writes nothing else';
const nulls = 'Kafka’s null is read as null, and so is a written null';
const foreign = 'bytes of another format are a value or a DataError';
const unfit = 'a value that does not fit its schema is written or a DataError';
suite(
  'a converter',
  converter(),
  [
    [reads, /is written as .* and read as/, converter({ toConnect: () => ({ schema: null, value: 'x' }) })],
    [reads, /should have written something/, converter({ fromConnect: () => false })],
    [
      reads,
      /changes the bytes/,
      converter({
        toConnect: (topic, bytes) => {
          const read = text.toConnect(topic, bytes);
          bytes?.fill(0);
          return read;
        },
      }),
    ],
    [
      reads,
      /what is read of a should be a whole number/,
      converter({ toConnect: (topic, bytes) => ({ ...text.toConnect(topic, bytes), schema: schemaOf('int8') }) }),
    ],
    [
      appends,
      /does not append/,
      converter({
        fromConnect: (topic, schema, value, out) => {
          out.length = 0;
          return text.fromConnect(topic, schema, value, out);
        },
      }),
    ],
    [
      nulls,
      /toConnect of null answers a value/,
      converter({ toConnect: (_topic, bytes) => ({ schema: null, value: String(bytes) }) }),
    ],
    [nulls, /answers true and has written 0 bytes/, converter({ fromConnect: () => true })],
    [
      foreign,
      /threw boom/,
      converter({ toConnect: (topic, bytes) => (bytes?.[0] === 0xff ? boom() : text.toConnect(topic, bytes)) }),
    ],
    [
      unfit,
      /threw boom/,
      converter({
        fromConnect: (topic, schema, value, out) =>
          typeof value === 'number' ? boom() : text.fromConnect(topic, schema, value, out),
      }),
    ],
  ],
  configChecks,
);

const values = { a: '1', b: '2' };
const known: ConfigProvider = {
  get: async (_path, keys) => new Map(Object.entries(values).filter(([key]) => keys.includes(key))),
};
const provider = (given: Partial<ConfigProvider> = {}) => {
  const factory: ConfigProviderFactory<unknown> = { config, create: () => ({ ...known, ...given }) };
  return configProviderContract({ factory, config: props, path: 'p', values });
};
let busy = false;
suite(
  'a configuration provider',
  provider(),
  [
    [
      'get returns the values of the requested keys and no others',
      /of a alone/,
      provider({ get: async () => new Map(Object.entries(values)) }),
    ],
    [
      'a missing key is omitted',
      /for a key that is not there/,
      provider({ get: async (_path, keys) => new Map(keys.map(key => [key, 'x'])) }),
    ],
    [
      'get may be called concurrently',
      /answers something else/,
      provider({
        async get(path, keys) {
          if (busy) return new Map();
          busy = true;
          const found = await known.get(path, keys);
          busy = false;
          return found;
        },
      }),
    ],
  ],
  configChecks,
);

/** A source of four records, two or one at once; it says how far it has got. */
const wanted = ['a', 'b', 'c', 'd'];
class Source implements SourceTask<unknown> {
  at = 0;
  signal = new AbortController().signal;
  readonly closing = new AbortController();
  small = false;
  async open(_config: unknown, { positions, signal, maxBatchBytes }: SourceTaskContext): Promise<void> {
    this.at = Number(positions.get({ of: 'all' })?.['at'] ?? 0);
    this.signal = AbortSignal.any([signal, this.closing.signal]);
    this.small = maxBatchBytes < 100;
  }
  async read(): Promise<SourceBatch | null> {
    const some = wanted.slice(this.at, this.at + (this.small ? 1 : 2));
    if (some.length === 0) return this.wait();
    this.at += some.length;
    return {
      records: some.map(value => ({ ...sinkRecord({ topic: 't', value }), partition: null })),
      positions: [{ partition: { of: 'all' }, offset: { at: this.at } }],
      bytes: some.length,
    };
  }
  wait(): Promise<null> {
    if (this.signal.aborted) return Promise.resolve(null);
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(null), 20);
      this.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve(null);
      });
    });
  }
  async close(): Promise<void> {
    this.closing.abort();
  }
}
const goodSource: SourceConnector<unknown> = {
  kind: 'source',
  config,
  plan: async () => [{}],
  task: () => new Source(),
  validate: async () => ({}),
  async alterOffsets(_config, positions) {
    if (positions.some(({ partition }) => partition['of'] !== 'all'))
      throw new MillraceError('BAD_REQUEST', 'not its own');
  },
  async deleted() {},
};
const source = (given: Partial<SourceConnector<unknown>> = {}) =>
  sourceContract({
    connector: { ...goodSource, ...given },
    setUp: async () => ({ config: props, records: wanted.length }),
  });
const reading = (change: (task: Source) => Partial<SourceTask<unknown>>) =>
  source({
    task() {
      const task = new Source();
      return Object.assign(task, change(task));
    },
  });
const batches = (change: (batch: SourceBatch) => SourceBatch) =>
  reading(task => {
    const read = task.read.bind(task);
    return {
      async read() {
        const batch = await read();
        return batch && change(batch);
      },
    };
  });
const never = () => new Promise<never>(() => {});

const planned = 'plan returns at most tasksMax configurations of texts, and the same again';
const everything = 'all records are read once, fit their schemas, and come in batches with positions';
const closable = 'close works without open, and twice';
const behind = 'from the position of a batch a new task reads exactly what comes after it';
const rightOne = 'validate accepts a valid configuration';
let others = 0;
suite(
  'a source',
  source(),
  [
    [planned, /answers 2 tasks where 1/, source({ plan: async () => [{}, {}] })],
    [planned, /a value that is no text/, source({ plan: async () => [{ n: 1 as never }] })],
    [planned, /the tasks are others/, source({ plan: async () => [{ n: `${others++}` }] })],
    [planned, /kind must be source/, source({ kind: 'sink' as never })],
    [rightOne, /validate finds something wrong/, source({ validate: async () => ({ path: ['no'] }) })],
    [
      closable,
      /task answers the same task twice/,
      (() => {
        const one = new Source();
        return source({ task: () => one });
      })(),
    ],
    [
      everything,
      /4 records are there, and 6 were read/,
      batches(batch => ({
        ...batch,
        records: batch.records.flatMap(one => (one.value === 'a' || one.value === 'b' ? [one, one] : [one])),
      })),
    ],
    [
      everything,
      /topic must be a text/,
      batches(batch => ({ ...batch, records: batch.records.map(record => ({ ...record, topic: '' })) })),
    ],
    [
      everything,
      /An offset of a position is not the same/,
      batches(batch => ({
        ...batch,
        positions: batch.positions.map(one => ({ ...one, offset: { at: new Date() as never } })),
      })),
    ],
    [
      everything,
      /A partition of a position is not the same/,
      batches(batch => ({
        ...batch,
        positions: batch.positions.map(one => ({ ...one, partition: { of: undefined as never } })),
      })),
    ],
    [
      everything,
      /in another order/,
      batches(batch => ({
        ...batch,
        positions: batch.positions.map(one => ({
          ...one,
          partition: batch.records[0]?.value === 'a' ? { x: 1, y: 2 } : { y: 2, x: 1 },
        })),
      })),
    ],
    [everything, /A batch has NaN bytes/, batches(batch => ({ ...batch, bytes: Number.NaN }))],
    [
      'several tasks together read all records',
      /tasks have read 8/,
      source({ plan: async (_config, most) => (most === 1 ? [{}] : [{}, {}]) }),
    ],
    [behind, /a new task reads/, batches(batch => ({ ...batch, positions: [] }))],
    [
      behind,
      /a new task reads/,
      batches(batch => ({ ...batch, positions: [{ partition: { of: 'all' }, offset: { at: 4 } }] })),
    ],
    [
      'read returns null after a short wait without records',
      /read, which should answer null .* took more than 5 s/,
      reading(task => ({ read: () => (task.at < 4 ? Source.prototype.read.call(task) : never()) })),
    ],
    [
      'a read that waits ends when the task must stop',
      /after its signal was aborted, took more than/,
      reading(task => ({ read: () => (task.at < 4 ? Source.prototype.read.call(task) : never()) })),
    ],
    [
      'a read that waits ends when the task is closed',
      /after the task was closed, took more than/,
      reading(task => ({ read: () => (task.at < 4 ? Source.prototype.read.call(task) : never()) })),
    ],
    [
      'alterOffsets accepts its own positions repeatedly and rejects others',
      /accepts a position of another connector/,
      source({ alterOffsets: async () => undefined }),
    ],
    [
      'alterOffsets accepts its own positions repeatedly and rejects others',
      /not BAD_REQUEST/,
      source({
        async alterOffsets(_config, [position]) {
          if (position?.partition['of'] !== 'all') boom();
        },
      }),
    ],
  ],
  [...configChecks, 'deleted removes what it created, and may be repeated'],
);

/** A sink whose rows and positions are one. */
interface Table {
  rows: unknown[];
  next: number | null;
}
class Sink implements SinkTask<unknown> {
  readonly table: Table;
  constructor(table: Table) {
    this.table = table;
  }
  async open(_config: unknown, { assigned }: SinkTaskContext) {
    const { next } = this.table;
    return next === null ? [] : assigned.map(one => ({ ...one, next }));
  }
  async write({ records, positions: [progress] }: SinkBatch): Promise<void> {
    if (progress?.from !== this.table.next) throw new FencedError('moved');
    const index = records.findIndex(record => record.value === null);
    if (index >= 0) throw new DataError('no value', { index });
    this.table.rows.push(...records);
    this.table.next = progress.next;
  }
  async close(): Promise<void> {}
}
const sink = (
  change: (task: Sink) => Partial<SinkTask<unknown>> = () => ({}),
  given: Partial<SinkConnector<unknown>> = {},
) => {
  let table: Table = { rows: [], next: null };
  const connector: SinkConnector<unknown> = {
    kind: 'sink',
    config,
    task() {
      const task = new Sink(table);
      return Object.assign(task, change(task));
    },
    async alterOffsets(_config, _connector, [position]) {
      table.next = position?.next ?? null;
    },
    validate: async () => ({}),
    ...given,
  };
  return sinkContract({
    connector,
    async setUp() {
      table = { rows: [], next: null };
      const records = ['a', 'b', 'c'].map((value, offset) => sinkRecord({ topic: 't', offset, value }));
      return { config: props, records, stored: async () => table.rows.length };
    },
  });
};
const batchOf = (change: (batch: SinkBatch, task: Sink) => Promise<void>) =>
  sink(task => ({ write: batch => change(batch, task) }));
const write = (batch: SinkBatch, task: Sink) => Sink.prototype.write.call(task, batch);
const tombstones = 'a tombstone is written, or rejected with a DataError with its index';
const fenced = 'with stored positions, one of two tasks with the same batch is rejected';
const goesOn = 'a new task continues at the position of the last one';
const thereAfter = 'records are stored when write resolves';
const sinkClosable = 'close works with and without open';
const emptyFirst = 'it has no records and no position at first';
const altered = 'alterOffsets may be repeated';
suite(
  'a sink',
  sink(),
  [
    [rightOne, /validate finds something wrong/, sink(undefined, { validate: async () => ({ path: ['no'] }) })],
    [rightOne, /kind must be sink/, sink(undefined, { kind: 'source' as never })],
    [
      sinkClosable,
      /the same task twice/,
      (() => {
        const one = new Sink({ rows: [], next: null });
        return sink(undefined, { task: () => one });
      })(),
    ],
    [
      emptyFirst,
      /which is not assigned/,
      sink(() => ({ open: async () => [{ topic: 'other', partition: 0, next: 0 }] })),
    ],
    [
      emptyFirst,
      /answers 7 as the position of a sink that is empty/,
      sink(() => ({ open: async (_config, { assigned }) => assigned.map(one => ({ ...one, next: 7 })) })),
    ],
    [thereAfter, /holds another number/, batchOf(async (batch, task) => write({ ...batch, records: [] }, task))],
    [
      goesOn,
      /answers 9 as its position/,
      sink(task => ({
        open: async (_config, { assigned }) =>
          task.table.next === null ? [] : assigned.map(one => ({ ...one, next: 9 })),
      })),
    ],
    [
      'a batch without records is accepted',
      /the sink holds some/,
      batchOf(async (batch, task) => {
        await write(batch, task);
        if (batch.records.length === 0) task.table.rows.push('x');
      }),
    ],
    [
      fenced,
      /at a position that another has moved/,
      batchOf(async ({ records, positions: [progress] }, task) => {
        task.table.rows.push(...records);
        task.table.next = progress?.next ?? null;
      }),
    ],
    [
      fenced,
      /refused with SINK_SETUP, not FencedError/,
      batchOf(async (batch, task) => {
        if (batch.positions[0]?.from !== task.table.next) throw new MillraceError('SINK_SETUP', 'x');
        await write(batch, task);
      }),
    ],
    [
      tombstones,
      /threw boom/,
      batchOf(async (batch, task) => (batch.records[0]?.value === null ? boom() : write(batch, task))),
    ],
    [
      tombstones,
      /does not have the index/,
      batchOf(async (batch, task) => {
        if (batch.records[0]?.value === null) throw new DataError('x');
        await write(batch, task);
      }),
    ],
    [
      tombstones,
      /the sink holds something/,
      batchOf(async (batch, task) => {
        task.table.rows.push(...batch.records);
        await write({ ...batch, records: batch.records.filter(one => one.value === null) }, task);
      }),
    ],
    [altered, /is still stored/, sink(undefined, { alterOffsets: async () => undefined })],
  ],
  configChecks,
);

const fine: Plugin = {
  sources: [{ className: 'x.Source', load: () => goodSource }],
  transforms: [{ className: 'x.T', aliases: ['T'], load: async () => ({ config, create: () => identity }) }],
};
const loads = 'every component can be loaded and has the methods of its kind';
suite('a plugin', pluginContract(fine), [
  ['it has components with distinct names', /no components/, pluginContract({})],
  [
    'it has components with distinct names',
    /there twice among sources/,
    pluginContract({ sources: [...(fine.sources ?? []), ...(fine.sources ?? [])] }),
  ],
  [
    'it has components with distinct names',
    /is no name for a class/,
    pluginContract({ sources: [{ className: 'x. y', load: boom }] }),
  ],
  [
    'class names have a package, so that no other plugin has the same',
    /com.example.Source/,
    pluginContract({ sources: [{ className: 'Source', load: boom }] }),
  ],
  [loads, /x.Source cannot be loaded: boom/, pluginContract({ sources: [{ className: 'x.Source', load: boom }] })],
  [
    loads,
    /has no method plan/,
    pluginContract({
      sources: [{ className: 'x.Source', load: () => ({ kind: 'source', config, task: boom }) as never }],
    }),
  ],
  [
    loads,
    /x.Sink is one of sinks, and its kind is source/,
    pluginContract({ sinks: [{ className: 'x.Sink', load: () => goodSource as never }] }),
  ],
  [
    loads,
    /has no config/,
    pluginContract({ transforms: [{ className: 'x.T', load: () => ({ create: boom }) as never }] }),
  ],
]);

test('a struct is looked into', async () => {
  const schema = structOf({ id: schemaOf('int32') });
  const wrong = { valueSchema: schema, value: new ValueStruct(schema, ['x']) };
  const [check] = transform({ apply: record => ({ ...record, ...wrong }) }).filter(({ name }) => name === becomes);
  await expect(check?.run()).rejects.toThrow('value.id should be a whole number');
});
