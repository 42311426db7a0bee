import type {
  ConnectRecord,
  Schema,
  Struct,
  StructSchema,
  Transform,
  TransformFactory,
  Value,
} from '../../api/index.ts';
import { LogicalName, schemaOf, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, oneOfKey, stringKey } from '../../config/spec.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError, messageOf } from '../../errors.ts';
import type { DateReader, DateWriter } from '../date-format/index.ts';
import { dateReader, dateWriter, patternWarning } from '../date-format/index.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import {
  bySchema,
  changeMembers,
  keyPart,
  requireObject,
  requireStruct,
  sameBasics,
  valuePart,
} from '../record/record-part.ts';

const config = defineConfig(
  {
    field: stringKey({
      doc: 'The field with the time; empty: the whole key or value.',
      default: '',
      importance: 'high',
    }),
    'target.type': oneOfKey(['string', 'unix', 'Date', 'Time', 'Timestamp'], {
      doc: 'What the time becomes.',
      importance: 'high',
    }),
    format: stringKey({
      doc: 'How text is written and read, as java.text.SimpleDateFormat has it, in UTC.',
      default: '',
    }),
    'unix.precision': oneOfKey(['nanoseconds', 'microseconds', 'milliseconds', 'seconds'], {
      doc: 'What a whole number counts. What is finer than a millisecond is lost.',
      default: 'milliseconds',
      importance: 'low',
    }),
    ...replaceNullKey,
  },
  {
    refine: c => {
      if (c.format === '')
        return c['target.type'] === 'string'
          ? { format: 'TimestampConverter requires format option to be specified when using string timestamps' }
          : {};
      try {
        (c['target.type'] === 'string' ? dateWriter : dateReader)(c.format);
        return {};
      } catch (error) {
        return {
          format: `TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: ${messageOf(error)}`,
        };
      }
    },
    warn: c => ({ format: patternWarning(c.format) }),
  },
);
type Settings = Config<typeof config>;
type Precision = Settings['unix.precision'];

/** Kafka Connect's TimestampConverter: times from text, number or Connect's own types to any other of these. */
const timestampConverter = (part: Part): TransformFactory<Settings> => ({
  config,
  create: settings => new TimestampConverter(part, settings),
});
export const timestampConverterKey = timestampConverter(keyPart);
export const timestampConverterValue = timestampConverter(valuePart);

const DAY = 86_400_000;
/** How many of a unit are a millisecond; seconds are the other way round. */
const perMs: Readonly<Record<Precision, bigint>> = {
  nanoseconds: 1_000_000n,
  microseconds: 1000n,
  milliseconds: 1n,
  seconds: 1n,
};

const purpose = 'converting timestamp formats';

class TimestampConverter implements Transform {
  readonly #part: Part;
  readonly #settings: Settings;
  readonly #readText: DateReader | undefined;
  readonly #writeText: DateWriter | undefined;
  readonly #schemaOf: (schema: StructSchema) => StructSchema;

  constructor(part: Part, settings: Settings) {
    this.#part = part;
    this.#settings = settings;
    this.#readText = settings.format === '' ? undefined : dateReader(settings.format);
    this.#writeText = settings['target.type'] === 'string' ? dateWriter(settings.format) : undefined;
    this.#schemaOf = bySchema(schema => this.#updated(schema));
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { field } = this.#settings;
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    if (schema === null) {
      if (value === null || field === '') return this.#part.with(record, null, this.#plain(value));
      const convert = (member: Value) => this.#plain(member);
      return this.#part.with(record, null, changeMembers(requireObject(value, purpose), [[field, convert]]));
    }
    if (field === '') return this.#part.with(record, this.#target(schema.optional), this.#convert(value, schema));
    if (schema.type !== 'struct') throw new DataError(`Only Struct objects supported for [${purpose}]`);
    const updated = this.#schemaOf(schema);
    return this.#part.with(
      record,
      updated,
      value === null ? null : this.#struct(requireStruct(value, purpose), updated),
    );
  }

  #updated(schema: StructSchema): StructSchema {
    const fields = schema.fields.map(one =>
      one.name === this.#settings.field ? { name: one.name, schema: this.#target(one.schema.optional) } : one,
    );
    const updated: StructSchema = { ...sameBasics(schema, fields), optional: schema.optional };
    return schema.default === undefined || schema.default === null
      ? updated
      : { ...updated, default: this.#struct(requireStruct(schema.default, purpose), updated) };
  }

  #struct(struct: Struct, schema: StructSchema): Struct {
    const { field: name, 'replace.null.with.default': replaceNull } = this.#settings;
    const values = struct.schema.fields.map(field => {
      const value = fieldValue(struct, field, replaceNull);
      return field.name === name ? this.#convert(value, field.schema) : value;
    });
    return new ValueStruct(schema, values);
  }

  #target(optional: boolean): Schema {
    const type = this.#settings['target.type'];
    if (type === 'string') return schemaOf('string', { optional });
    if (type === 'unix') return schemaOf('int64', { optional });
    return schemaOf(type === 'Timestamp' ? 'int64' : 'int32', { optional, name: LogicalName[type], version: 1 });
  }

  #convert(value: Value, schema: Schema): Value {
    const isTime =
      schema.name === LogicalName.Timestamp || schema.name === LogicalName.Date || schema.name === LogicalName.Time;
    if (!isTime && schema.type !== 'string' && schema.type !== 'int64')
      throw new DataError(`Schema ${schema.type.toUpperCase()} does not correspond to a known timestamp type format`);
    return value === null ? null : this.#made(this.#read(value), true);
  }

  #plain(value: Value): Value {
    return value === null ? null : this.#made(this.#read(value), false);
  }

  #read(value: Value): Date {
    if (value instanceof Date) return value;
    if (typeof value === 'string') {
      if (this.#readText === undefined) throw new DataError('TimestampConverter needs a format to read text');
      return this.#readText(value);
    }
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value)))
      throw new DataError(`TimestampConverter does not support ${kindOfValue(value)} objects as timestamps`);
    const precision = this.#settings['unix.precision'];
    const ms = precision === 'seconds' ? BigInt(value) * 1000n : BigInt(value) / perMs[precision];
    const date = new Date(Number(ms));
    if (Number.isNaN(date.getTime())) throw new DataError('A timestamp is out of range');
    return date;
  }

  /** typed: whole numbers as int64 has them. */
  #made(date: Date, typed: boolean): Value {
    const ms = date.getTime();
    switch (this.#settings['target.type']) {
      case 'string':
        return this.#writeText?.(date) ?? null;
      case 'unix': {
        const precision = this.#settings['unix.precision'];
        const count = precision === 'seconds' ? BigInt(ms) / 1000n : BigInt(ms) * perMs[precision];
        return typed || !Number.isSafeInteger(Number(count)) ? count : Number(count);
      }
      case 'Date':
        return new Date(Math.floor(ms / DAY) * DAY);
      case 'Time':
        return new Date(ms - Math.floor(ms / DAY) * DAY);
      default:
        return date;
    }
  }
}
