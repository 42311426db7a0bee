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

/** A check that must fail for a component with one fault, and the pattern of its message. */
type Broken = readonly [check: string, message: RegExp, checks: readonly Check[]];

/** Tests that every check passes for a correct component and fails for a broken one. exempt: checks without a broken one. */
function suite(
  component: string,
  correct: readonly Check[],
  broken: readonly Broken[],
  exempt: readonly string[] = [],
): void {
  describe(component, () => {
    test.each(correct)('correct: $name', ({ run }) => run());
    test.concurrent.each(broken)('broken: %s: %s', async (name, message, checks) => {
      const check = checks.find(one => one.name === name);
      expect(check, name).toBeDefined();
      const error = await check?.run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ name: 'AssertionError', message: expect.stringMatching(message) });
    });
    test('every check has a component for which it fails', () => {
      const covered = new Set([...broken.map(([name]) => name), ...exempt]);
      expect(correct.map(({ name }) => name).filter(name => !covered.has(name))).toEqual([]);
    });
  });
}

const boom = (): never => {
  throw new TypeError('boom');
};
const config = defineConfig({
  path: stringKey({ doc: 'The path.' }),
  secret: passwordKey({ doc: 'A secret.', default: 'none' }),
});
const props = { path: '/p' };
const [pathKey, secretKey] = config.keys;
if (pathKey === undefined || secretKey === undefined) throw new Error('there are two keys');
type Spec = ConfigSpec<{ readonly path: string; readonly secret: string }>;

// The configuration of a transform is checked like that of any component.
const identity: Transform = { apply: record => record };
const transform = (overrides: Partial<Transform> = {}, spec: Spec = config) =>
  transformContract({ factory: { config: spec, create: () => ({ ...identity, ...overrides }) }, config: props });
const configured = (overrides: Partial<Spec>) => transform({}, { ...config, ...overrides });

const configKeys = 'its keys have the properties that Connect returns';
const configAccepted = 'a valid configuration is accepted';
const configMissing = 'a missing required key is an error at that key';
const configAny = 'check never throws, and returns a configuration if and only if there are no errors';
const configSame = 'check does not change the configuration, and returns the same again';
const configPassword = 'a password is not shown';
const configChecks = [configKeys, configAccepted, configMissing, configAny, configSame, configPassword];
let calls = 0;

suite('a configuration', configured({}).slice(0, configChecks.length), [
  [configKeys, /A key is declared twice: path, secret, path/, configured({ keys: [...config.keys, pathKey] })],
  [configKeys, /path has no documentation/, configured({ keys: [{ ...pathKey, documentation: ' ' }] })],
  [configKeys, /path has the type TEXT/, configured({ keys: [{ ...pathKey, type: 'TEXT' as never }] })],
  [configKeys, /path is required and has a default/, configured({ keys: [{ ...pathKey, defaultValue: 'x' }] })],
  [configAccepted, /has errors/, configured({ check: () => config.check({}) })],
  [
    configAccepted,
    /no value of path/,
    configured({ check: candidate => ({ ...config.check(candidate), values: new Map() }) }),
  ],
  [configMissing, /path is required, but check returns no error/, configured({ check: () => config.check(props) })],
  [
    configAny,
    /check threw boom/,
    configured({ check: candidate => (candidate['path'] === '☃' ? boom() : config.check(candidate)) }),
  ],
  [
    configAny,
    /1 errors and a configuration/,
    configured({ check: candidate => ({ ...config.check(candidate), config: { path: '', secret: '' } }) }),
  ],
  [
    configSame,
    /check threw Cannot assign/,
    configured({
      check: candidate => {
        (candidate as Record<string, string>)['path'] = 'x';
        return config.check(candidate);
      },
    }),
  ],
  [
    configSame,
    /differ in their values/,
    configured({ check: candidate => ({ ...config.check(candidate), values: new Map([['path', `${calls++}`]]) }) }),
  ],
  [
    configPassword,
    /secret is a password, but check returns its value/,
    configured({
      check: candidate => ({
        ...config.check(candidate),
        values: new Map([
          ['path', null],
          ['secret', candidate['secret'] ?? null],
        ]),
      }),
    }),
  ],
]);

const inputUnchanged = 'it does not change its input record';
const applyResult = 'apply returns a record or null, or throws a DataError';
suite(
  'a transform',
  transform(),
  [
    [applyResult, /returned undefined/, transform({ apply: () => undefined as never })],
    [applyResult, /returned a promise/, transform({ apply: async () => null } as never)],
    [applyResult, /threw boom/, transform({ apply: boom })],
    [
      applyResult,
      /rejected a record of plain with SINK_SETUP/,
      transform({
        apply: () => {
          throw new MillraceError('SINK_SETUP', 'x');
        },
      }),
    ],
    [applyResult, /topic must be a non-empty string/, transform({ apply: record => ({ ...record, topic: '' }) })],
    [
      applyResult,
      /value must be an integer/,
      transform({ apply: record => ({ ...record, valueSchema: schemaOf('int32'), value: 'x' }) }),
    ],
    [
      inputUnchanged,
      /changes its input record/,
      transform({
        apply: record => {
          if (record.value instanceof Uint8Array) record.value[0] = (record.value[0] ?? 0) + 1;
          return record;
        },
      }),
    ],
    [
      'a sink record keeps its offset, original topic and original partition',
      /changes offset/,
      transform({ apply: record => ({ ...record, offset: 99 }) }),
    ],
  ],
  configChecks,
);

const predicate = (overrides: Partial<Predicate> = {}) =>
  predicateContract({
    factory: { config, create: () => ({ test: record => record.topic === 'plain', ...overrides }) },
    config: props,
  });
const sameAnswer = 'test returns the same boolean each time';
suite(
  'a predicate',
  predicate(),
  [
    [sameAnswer, /returned 1/, predicate({ test: () => 1 as never })],
    [sameAnswer, /threw boom/, predicate({ test: boom })],
    [sameAnswer, /returned another result the second time/, predicate({ test: () => calls++ % 2 === 0 })],
    [
      inputUnchanged,
      /changes its input record/,
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
    if (typeof value !== 'string') throw new DataError('not a string');
    out.utf8(value);
    return true;
  },
  toConnect: (_topic, bytes) => ({ schema: null, value: bytes === null ? null : Buffer.from(bytes).toString() }),
};
const converter = (overrides: Partial<Converter> = {}) => {
  const factory: ConverterFactory<unknown> = { config, create: () => ({ ...text, ...overrides }) };
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
const appends = 'it appends to the output, and writes nothing else';
const nulls = 'Kafka’s null is read as null, and so is a written null';
const foreign = 'bytes of another format are a value or a DataError';
const unfit = 'a value that does not fit its schema is written or a DataError';
suite(
  'a converter',
  converter(),
  [
    [reads, /is written as .* and read as/, converter({ toConnect: () => ({ schema: null, value: 'x' }) })],
    [reads, /must write the value/, converter({ fromConnect: () => false })],
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
      /value read from a must be an integer/,
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
      /toConnect of null returned a value/,
      converter({ toConnect: (_topic, bytes) => ({ schema: null, value: String(bytes) }) }),
    ],
    [nulls, /returned true and wrote 0 bytes/, converter({ fromConnect: () => true })],
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
const correctProvider: ConfigProvider = {
  get: async (_path, keys) => new Map(Object.entries(values).filter(([key]) => keys.includes(key))),
};
const provider = (overrides: Partial<ConfigProvider> = {}) => {
  const factory: ConfigProviderFactory<unknown> = { config, create: () => ({ ...correctProvider, ...overrides }) };
  return configProviderContract({ factory, config: props, path: 'p', values });
};
let busy = false;
suite(
  'a configuration provider',
  provider(),
  [
    [
      'get returns the values of the requested keys and no others',
      /get of a does not return exactly its value/,
      provider({ get: async () => new Map(Object.entries(values)) }),
    ],
    [
      'a missing key is omitted',
      /for a missing key/,
      provider({ get: async (_path, keys) => new Map(keys.map(key => [key, 'x'])) }),
    ],
    [
      'get may be called concurrently',
      /return different values/,
      provider({
        async get(path, keys) {
          if (busy) return new Map();
          busy = true;
          const result = await correctProvider.get(path, keys);
          busy = false;
          return result;
        },
      }),
    ],
  ],
  configChecks,
);

/** A source of four records, in batches of two or one. */
const sourceValues = ['a', 'b', 'c', 'd'];
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
    const some = sourceValues.slice(this.at, this.at + (this.small ? 1 : 2));
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
      throw new MillraceError('BAD_REQUEST', 'position of another connector');
  },
  async deleted() {},
};
const source = (overrides: Partial<SourceConnector<unknown>> = {}) =>
  sourceContract({
    connector: { ...goodSource, ...overrides },
    setUp: async () => ({ config: props, records: sourceValues.length }),
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

const planResult = 'plan returns at most tasksMax configurations of strings, and the same when repeated';
const everything = 'all records are read once, fit their schemas, and come in batches with positions';
const closable = 'close works without open, and twice';
const resume = 'from the position of a batch a new task reads exactly what comes after it';
const validConfig = 'validate accepts a valid configuration';
let plans = 0;
suite(
  'a source',
  source(),
  [
    [planResult, /returned 2 tasks; the maximum is 1/, source({ plan: async () => [{}, {}] })],
    [planResult, /that is not a string/, source({ plan: async () => [{ n: 1 as never }] })],
    [planResult, /returned different tasks/, source({ plan: async () => [{ n: `${plans++}` }] })],
    [planResult, /kind must be source/, source({ kind: 'sink' as never })],
    [validConfig, /validate rejects a valid configuration/, source({ validate: async () => ({ path: ['no'] }) })],
    [
      closable,
      /task returned the same task twice/,
      (() => {
        const one = new Source();
        return source({ task: () => one });
      })(),
    ],
    [
      everything,
      /The source has 4 records, and 6 were read/,
      batches(batch => ({
        ...batch,
        records: batch.records.flatMap(one => (one.value === 'a' || one.value === 'b' ? [one, one] : [one])),
      })),
    ],
    [
      everything,
      /topic must be a non-empty string/,
      batches(batch => ({ ...batch, records: batch.records.map(record => ({ ...record, topic: '' })) })),
    ],
    [
      everything,
      /The offset of a position changes/,
      batches(batch => ({
        ...batch,
        positions: batch.positions.map(one => ({ ...one, offset: { at: new Date() as never } })),
      })),
    ],
    [
      everything,
      /The partition of a position changes/,
      batches(batch => ({
        ...batch,
        positions: batch.positions.map(one => ({ ...one, partition: { of: undefined as never } })),
      })),
    ],
    [
      everything,
      /in different order/,
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
      /tasks read 8/,
      source({ plan: async (_config, most) => (most === 1 ? [{}] : [{}, {}]) }),
    ],
    [resume, /a new task read/, batches(batch => ({ ...batch, positions: [] }))],
    [
      resume,
      /a new task read/,
      batches(batch => ({ ...batch, positions: [{ partition: { of: 'all' }, offset: { at: 4 } }] })),
    ],
    [
      'read returns null after a short wait without records',
      /read, which must return null .* took more than 5 s/,
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

/** A destination that stores rows and position together. */
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
    if (progress?.from !== this.table.next) throw new FencedError('position has changed');
    const index = records.findIndex(record => record.value === null);
    if (index >= 0) throw new DataError('no value', { index });
    this.table.rows.push(...records);
    this.table.next = progress.next;
  }
  async close(): Promise<void> {}
}
const sink = (
  change: (task: Sink) => Partial<SinkTask<unknown>> = () => ({}),
  overrides: Partial<SinkConnector<unknown>> = {},
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
    ...overrides,
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
const continues = 'a new task continues at the position of the last one';
const storedAfterWrite = 'records are stored when write resolves';
const sinkClosable = 'close works with and without open';
const emptyFirst = 'it has no records and no position at first';
const altered = 'alterOffsets may be repeated';
suite(
  'a sink',
  sink(),
  [
    [
      validConfig,
      /validate rejects a valid configuration/,
      sink(undefined, { validate: async () => ({ path: ['no'] }) }),
    ],
    [validConfig, /kind must be sink/, sink(undefined, { kind: 'source' as never })],
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
      /returned position 7 for an empty sink/,
      sink(() => ({ open: async (_config, { assigned }) => assigned.map(one => ({ ...one, next: 7 })) })),
    ],
    [
      storedAfterWrite,
      /contains a different number/,
      batchOf(async (batch, task) => write({ ...batch, records: [] }, task)),
    ],
    [
      continues,
      /returned position 9/,
      sink(task => ({
        open: async (_config, { assigned }) =>
          task.table.next === null ? [] : assigned.map(one => ({ ...one, next: 9 })),
      })),
    ],
    [
      'a batch without records is accepted',
      /contains records after a batch without records/,
      batchOf(async (batch, task) => {
        await write(batch, task);
        if (batch.records.length === 0) task.table.rows.push('x');
      }),
    ],
    [
      fenced,
      /from a position that another task has advanced/,
      batchOf(async ({ records, positions: [progress] }, task) => {
        task.table.rows.push(...records);
        task.table.next = progress?.next ?? null;
      }),
    ],
    [
      fenced,
      /rejected with SINK_SETUP, not FencedError/,
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
      /contains records of a rejected batch/,
      batchOf(async (batch, task) => {
        task.table.rows.push(...batch.records);
        await write({ ...batch, records: batch.records.filter(one => one.value === null) }, task);
      }),
    ],
    [altered, /is still stored/, sink(undefined, { alterOffsets: async () => undefined })],
  ],
  configChecks,
);

const correctPlugin: Plugin = {
  sources: [{ className: 'x.Source', load: () => goodSource }],
  transforms: [{ className: 'x.T', aliases: ['T'], load: async () => ({ config, create: () => identity }) }],
};
const loads = 'every component can be loaded and has the methods of its kind';
suite('a plugin', pluginContract(correctPlugin), [
  ['it has components with distinct names', /no components/, pluginContract({})],
  [
    'it has components with distinct names',
    /used twice in sources/,
    pluginContract({ sources: [...(correctPlugin.sources ?? []), ...(correctPlugin.sources ?? [])] }),
  ],
  [
    'it has components with distinct names',
    /is not a valid class name/,
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
    /x.Sink is in sinks, but its kind is source/,
    pluginContract({ sinks: [{ className: 'x.Sink', load: () => goodSource as never }] }),
  ],
  [
    loads,
    /has no config/,
    pluginContract({ transforms: [{ className: 'x.T', load: () => ({ create: boom }) as never }] }),
  ],
]);

test('fields of a struct are checked', async () => {
  const schema = structOf({ id: schemaOf('int32') });
  const invalid = { valueSchema: schema, value: new ValueStruct(schema, ['x']) };
  const [check] = transform({ apply: record => ({ ...record, ...invalid }) }).filter(
    ({ name }) => name === applyResult,
  );
  await expect(check?.run()).rejects.toThrow('value.id must be an integer');
});
