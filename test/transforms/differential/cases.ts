import fc from 'fast-check';
import type { ConnectRecord } from '../../../src/api/index.ts';
import { plainNames, plainRecords, records } from './records.ts';

export interface TransformCall {
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface Case {
  readonly record: ConnectRecord;
  readonly transforms: readonly TransformCall[];
}

const part = fc.constantFrom('Key', 'Value', 'Value', 'Value');
const flag = fc.constantFrom('true', 'false');
const nulls = { 'replace.null.with.default': flag };
const target = fc.constantFrom('int8', 'int16', 'int32', 'int64', 'float64', 'boolean', 'string');

function connect(name: string, config: Record<string, fc.Arbitrary<string>>, required: readonly string[] = []) {
  return fc.tuple(part, fc.record(config, { requiredKeys: [...required] })).map(
    ([which, settings]): TransformCall => ({
      type: `org.apache.kafka.connect.transforms.${name.replace('$', `$${which}`)}`,
      config: settings as Record<string, string>,
    }),
  );
}

/** Literals for InsertHeader, most of which have a schema. */
const literal = fc.constantFrom(
  ...['x', 'null', 'true', '5', '-1.5', '3000000000', '1e400', '[1,300]', '["a","b"]', '{"a":1}', '[1'],
  ...['2024-02-29', '1500-03-01', '12:30:00.000Z', '2024-02-29T12:30:00.001Z'],
);

const listOf = (items: fc.Arbitrary<string[]>): fc.Arbitrary<string> => items.map(list => list.join(','));
const addedFields = listOf(
  fc.uniqueArray(
    fc.constantFrom('op', 'ts_ms', 'table', 'lsn', 'source.lsn', 'source.version:v', 'transaction.id', 'nowhere'),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
);

const unwrap: fc.Arbitrary<TransformCall> = fc
  .record(
    {
      'delete.tombstone.handling.mode': fc.constantFrom(
        'drop',
        'tombstone',
        'rewrite',
        'rewrite-with-tombstone',
        'delete-to-tombstone',
      ),
      'add.fields': addedFields,
      'add.headers': addedFields,
      'add.fields.prefix': fc.constantFrom('__', ''),
      ...nulls,
    },
    { requiredKeys: [] },
  )
  .map(config => ({ type: 'io.debezium.transforms.ExtractNewRecordState', config: config as Record<string, string> }));

/** Calls of Kafka Connect's transforms for fields with these names. */
function transforms(fieldNames: readonly string[]): fc.Arbitrary<TransformCall> {
  const names = fc.uniqueArray(fc.constantFrom(...fieldNames), { minLength: 1, maxLength: 3 });
  const fields = listOf(names);
  const field = names.map(([first = '']) => first);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: connect(
        'Cast$',
        {
          spec: listOf(names.chain(list => fc.tuple(...list.map(name => target.map(type => `${name}:${type}`))))),
          ...nulls,
        },
        ['spec'],
      ),
    },
    { weight: 3, arbitrary: connect('Flatten$', { delimiter: fc.constantFrom('.', '_', '') }) },
    { weight: 2, arbitrary: connect('ExtractField$', { field, ...nulls }, ['field']) },
    connect('HoistField$', { field }, ['field']),
    {
      weight: 2,
      arbitrary: connect(
        'InsertField$',
        {
          'topic.field': field,
          'timestamp.field': fc.constantFrom('t', 't?', 't!'),
          'static.field': fc.constantFrom('s', 'id'),
          'static.value': fc.constant('x'),
          ...nulls,
        },
        ['static.field', 'static.value'],
      ),
    },
    { weight: 2, arbitrary: connect('MaskField$', { fields, ...nulls }, ['fields']) },
    {
      weight: 2,
      arbitrary: connect('ReplaceField$', { exclude: fields, renames: field.map(name => `${name}:renamed`), ...nulls }),
    },
    connect('ReplaceField$', { include: fields, ...nulls }),
    connect(
      'HeaderFrom$',
      { fields: field, headers: fc.constant('from'), operation: fc.constantFrom('move', 'copy'), ...nulls },
      ['fields', 'headers', 'operation'],
    ),
    connect('InsertHeader', { header: fc.constantFrom('h', 'i'), 'value.literal': literal }, [
      'header',
      'value.literal',
    ]),
    connect('ValueToKey', { fields, ...nulls }, ['fields']),
    connect('SetSchemaMetadata$', { 'schema.name': fc.constant('n'), 'schema.version': fc.constantFrom('1', '7') }, [
      'schema.name',
    ]),
    connect(
      'TimestampConverter$',
      {
        field,
        'target.type': fc.constantFrom('string', 'unix', 'Date', 'Time', 'Timestamp'),
        format: fc.constant('yyyy-MM-dd HH:mm:ss.SSS'),
        'unix.precision': fc.constantFrom('seconds', 'milliseconds', 'microseconds', 'nanoseconds'),
        ...nulls,
      },
      ['target.type', 'format'],
    ),
  );
}

const others = transforms(['id', 'name', 'a', 'b', 'op', 'after', 'source']);

export const cases: fc.Arbitrary<Case> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      record: records,
      transforms: fc
        .tuple(fc.option(unwrap, { freq: 1 }), fc.array(others, { maxLength: 2 }))
        .map(([first, list]) => (first === null ? list : [first, ...list])),
    }),
  },
  fc.record({ record: records, transforms: fc.tuple(connect('Cast$', { spec: target, ...nulls }, ['spec'])) }),
  fc.record({ record: plainRecords, transforms: fc.tuple(transforms(plainNames)) }),
);
