import assert from 'node:assert/strict';
import {
  Bytes,
  type ConfigProps,
  type ConnectRecord,
  type ConverterFactory,
  type PredicateFactory,
  type Schema,
  type SinkRecord,
  schemaOf,
  type TransformFactory,
  type Value,
} from '../api/index.ts';
import { type Check, check, errorOf } from './check.ts';
import { configContract, parseConfig } from './config.ts';
import { assertRecord, canonical, canonicalRecord, sampleRecords } from './data.ts';
import { assertFits } from './matches-schema.ts';

export interface TransformSubject<C> {
  readonly factory: TransformFactory<C>;
  /** A valid configuration. Default: none of its keys. */
  readonly config?: ConfigProps;
  /** Additional records; the suite has `sampleRecords`. */
  readonly records?: readonly SinkRecord[];
}

/** Freezes a record, so that a change throws. Views on bytes cannot be frozen; they are compared afterwards. */
function frozen<R extends ConnectRecord>(record: R): R {
  return deepFrozen({ ...record }) as R;
}
function deepFrozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFrozen(member);
  return value;
}

/** The contract of transforms. */
export function transformContract<C>({ factory, config = {}, records = [] }: TransformSubject<C>): Check[] {
  const make = () => factory.create(parseConfig(factory.config, config));
  const all = [...records, ...sampleRecords];
  /** Results by record, without records that it rejects with a DataError. */
  const applied = async (): Promise<[SinkRecord, SinkRecord | null][]> => {
    const transform = make();
    const pairs: [SinkRecord, SinkRecord | null][] = [];
    for (const record of all) {
      let result: SinkRecord | null = null;
      const error = await errorOf(`apply to a record of ${record.topic}`, () => {
        result = transform.apply(frozen(record));
      });
      if (error === undefined) pairs.push([record, result]);
      else
        assert.equal(
          error.kind,
          'data',
          `apply rejected a record of ${record.topic} with ${error.code}, not DataError.`,
        );
    }
    return pairs;
  };
  return [
    ...configContract(factory.config, config),
    check('apply returns a record or null, or throws a DataError', async () => {
      for (const [{ topic }, result] of await applied()) {
        assert.ok(result !== undefined, `apply returned undefined for a record of ${topic}; return null to drop it.`);
        assert.ok(
          !(result instanceof Promise),
          `apply returned a promise for a record of ${topic}; it must be synchronous.`,
        );
        if (result !== null) assertRecord(result, `the result for a record of ${topic}`);
      }
    }),
    check('it does not change its input record', async () => {
      const before = all.map(canonicalRecord);
      await applied();
      assert.deepEqual(all.map(canonicalRecord), before, 'apply changes its input record.');
    }),
    check('a sink record keeps its offset, original topic and original partition', async () => {
      for (const [record, result] of await applied()) {
        if (result === null) continue;
        const origin = ({ offset, originalTopic, originalPartition }: SinkRecord) => ({
          offset,
          originalTopic,
          originalPartition,
        });
        assert.deepEqual(
          origin(result),
          origin(record),
          `apply changes offset, originalTopic or originalPartition of a record.`,
        );
      }
    }),
  ];
}

export interface PredicateSubject<C> {
  readonly factory: PredicateFactory<C>;
  readonly config?: ConfigProps;
  readonly records?: readonly SinkRecord[];
}

/** The contract of predicates. */
export function predicateContract<C>({ factory, config = {}, records = [] }: PredicateSubject<C>): Check[] {
  const make = () => factory.create(parseConfig(factory.config, config));
  const all = [...records, ...sampleRecords];
  return [
    ...configContract(factory.config, config),
    check('test returns the same boolean each time', async () => {
      const predicate = make();
      for (const record of all) {
        const results: unknown[] = [];
        const error = await errorOf(`test of a record of ${record.topic}`, () => {
          results.push(predicate.test(frozen(record)), predicate.test(frozen(record)));
        });
        if (error !== undefined)
          assert.equal(error.kind, 'data', `test rejected a record with ${error.code}, not DataError.`);
        else
          assert.ok(
            typeof results[0] === 'boolean',
            `test of a record of ${record.topic} returned ${canonical(results[0])}, not a boolean.`,
          );
        assert.equal(
          results[0],
          results[1],
          `test of a record of ${record.topic} returned another result the second time.`,
        );
      }
    }),
    check('it does not change its input record', async () => {
      const before = all.map(canonicalRecord);
      const predicate = make();
      for (const record of all) await errorOf('test', () => predicate.test(frozen(record)));
      assert.deepEqual(all.map(canonicalRecord), before, 'test changes its input record.');
    }),
  ];
}

export interface ConverterSample {
  readonly schema: Schema | null;
  readonly value: Value;
  /** The result of reading, if it differs from the written value, such as for a converter that writes numbers as text. */
  readonly back?: Value;
}

export interface ConverterSubject<C> {
  readonly factory: ConverterFactory<C>;
  readonly config?: ConfigProps;
  /** Values that it accepts: at least two, without nulls. */
  readonly samples: readonly ConverterSample[];
}

/** The contract of converters. */
export function converterContract<C>({ factory, config = {}, samples }: ConverterSubject<C>): Check[] {
  const make = (isKey = false) => factory.create(parseConfig(factory.config, config), isKey);
  const writeSample = (sample: ConverterSample, out = new Bytes(), converter = make()): Buffer => {
    const hasWritten = converter.fromConnect('topic', sample.schema, sample.value, out);
    assert.equal(
      hasWritten,
      true,
      `fromConnect of ${canonical(sample.value)} returned ${hasWritten}; it must write the value and return true.`,
    );
    return out.take();
  };
  return [
    ...configContract(factory.config, config),
    check('it reads what it writes, as a key and as a value', () => {
      assert.ok(samples.length >= 2, 'samples must contain at least two values.');
      for (const isKey of [true, false])
        for (const sample of samples) {
          const bytes = writeSample(sample, new Bytes(), make(isKey));
          const before = bytes.toString('hex');
          const { schema, value } = make(isKey).toConnect('topic', bytes);
          const { back = sample.value } = sample;
          assert.equal(
            canonical(value),
            canonical(back),
            `${canonical(sample.value)} is written as ${bytes.toString('latin1')} and read as ${canonical(value)}.`,
          );
          assertFits(schema, value, `the value read from ${bytes.toString('latin1')}`);
          assert.equal(bytes.toString('hex'), before, 'toConnect changes the bytes that it reads.');
        }
    }),
    check('it appends to the output, and writes nothing else', () => {
      const converter = make();
      for (const sample of samples) {
        const alone = writeSample(sample, new Bytes(), converter).toString('hex');
        const out = new Bytes(1);
        out.ascii('before');
        const both = writeSample(sample, out, converter).toString('hex');
        assert.equal(both, Buffer.from('before').toString('hex') + alone, 'fromConnect does not append to the output.');
      }
    }),
    check('Kafka’s null is read as null, and so is a written null', async () => {
      const converter = make();
      const { value } = converter.toConnect('topic', null);
      assert.equal(value, null, 'toConnect of null returned a value.');
      for (const schema of [null, schemaOf('string', { optional: true })]) {
        const out = new Bytes();
        let hasWritten = false;
        const error = await errorOf('fromConnect of null', () => {
          hasWritten = converter.fromConnect('topic', schema, null, out);
        });
        if (error !== undefined) continue;
        assert.equal(
          hasWritten,
          out.length > 0,
          `fromConnect of null returned ${hasWritten} and wrote ${out.length} bytes.`,
        );
        if (hasWritten)
          assert.equal(converter.toConnect('topic', out.take()).value, null, 'A written null is not read as null.');
      }
    }),
    check('bytes of another format are a value or a DataError', async () => {
      const converter = make();
      for (const text of [
        '',
        '\xff\xfe\x00',
        '{',
        '{"a":',
        'null',
        '\u0000\u0000\u0000\u0000\u0001',
        'é',
        '%E4%A',
        '=&=',
      ]) {
        const bytes = Buffer.from(text, 'latin1');
        const error = await errorOf(`toConnect of ${JSON.stringify(text)}`, () => {
          const { schema, value } = converter.toConnect('topic', bytes);
          assertFits(schema, value, `the value read from ${JSON.stringify(text)}`);
        });
        if (error !== undefined)
          assert.equal(error.kind, 'data', `toConnect of ${JSON.stringify(text)} throws ${error.code}, not DataError.`);
      }
    }),
    check('a value that does not fit its schema is written or a DataError', async () => {
      const converter = make();
      const pairs: [Schema | null, Value][] = [
        [schemaOf('int32'), 'text'],
        [schemaOf('string'), 1],
        [schemaOf('boolean'), new Uint8Array([1])],
        [null, new Uint8Array([1])],
        [null, 'text'],
        [null, { a: [1, { b: null }] }],
      ];
      for (const [schema, value] of pairs) {
        const error = await errorOf(`fromConnect of ${canonical(value)}`, () => {
          converter.fromConnect('topic', schema, value, new Bytes());
        });
        if (error !== undefined)
          assert.equal(error.kind, 'data', `fromConnect of ${canonical(value)} throws ${error.code}, not DataError.`);
      }
    }),
  ];
}
