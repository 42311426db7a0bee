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
import type { RecordPart } from '../record/record-part.ts';
import {
  changeMembers,
  copySchemaBasics,
  keyPart,
  memoizeBySchema,
  requireObject,
  requireStruct,
  valuePart,
} from '../record/record-part.ts';

const config = defineConfig(
  {
    field: stringKey({
      doc: 'Name of the field with the timestamp; empty for the whole key or value.',
      default: '',
      importance: 'high',
    }),
    'target.type': oneOfKey(['string', 'unix', 'Date', 'Time', 'Timestamp'], {
      doc: 'Type to convert the timestamp to.',
      importance: 'high',
    }),
    format: stringKey({
      doc: 'Pattern of java.text.SimpleDateFormat for strings, in UTC.',
      default: '',
    }),
    'unix.precision': oneOfKey(['nanoseconds', 'microseconds', 'milliseconds', 'seconds'], {
      doc: 'Unit of integer timestamps. Precision finer than a millisecond is lost.',
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

/** Kafka Connect's TimestampConverter: converts timestamps between strings, integers and Connect's logical types. */
const timestampConverter = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new TimestampConverter(part, settings),
});
export const timestampConverterKey = timestampConverter(keyPart);
export const timestampConverterValue = timestampConverter(valuePart);

const DAY_MS = 86_400_000;
/** Units per millisecond; seconds are divided instead. */
const unitsPerMs: Readonly<Record<Precision, bigint>> = {
  nanoseconds: 1_000_000n,
  microseconds: 1000n,
  milliseconds: 1n,
  seconds: 1n,
};

const purpose = 'converting timestamp formats';

class TimestampConverter implements Transform {
  readonly #part: RecordPart;
  readonly #settings: Settings;
  readonly #readText: DateReader | undefined;
  readonly #writeText: DateWriter | undefined;
  readonly #structSchemaOf: (schema: StructSchema) => StructSchema;

  constructor(part: RecordPart, settings: Settings) {
    this.#part = part;
    this.#settings = settings;
    this.#readText = settings.format === '' ? undefined : dateReader(settings.format);
    this.#writeText = settings['target.type'] === 'string' ? dateWriter(settings.format) : undefined;
    this.#structSchemaOf = memoizeBySchema(schema => this.#createStructSchema(schema));
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { field } = this.#settings;
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    if (schema === null) {
      if (value === null || field === '') return this.#part.newRecord(record, null, this.#convertSchemaless(value));
      const convert = (member: Value) => this.#convertSchemaless(member);
      return this.#part.newRecord(record, null, changeMembers(requireObject(value, purpose), [[field, convert]]));
    }
    if (field === '')
      return this.#part.newRecord(record, this.#targetSchema(schema.optional), this.#convert(value, schema));
    if (schema.type !== 'struct') throw new DataError(`Only Struct objects supported for [${purpose}]`);
    const updated = this.#structSchemaOf(schema);
    return this.#part.newRecord(
      record,
      updated,
      value === null ? null : this.#convertStruct(requireStruct(value, purpose), updated),
    );
  }

  #createStructSchema(schema: StructSchema): StructSchema {
    const fields = schema.fields.map(field =>
      field.name === this.#settings.field
        ? { name: field.name, schema: this.#targetSchema(field.schema.optional) }
        : field,
    );
    const updated: StructSchema = { ...copySchemaBasics(schema, fields), optional: schema.optional };
    return schema.default === undefined || schema.default === null
      ? updated
      : { ...updated, default: this.#convertStruct(requireStruct(schema.default, purpose), updated) };
  }

  #convertStruct(struct: Struct, schema: StructSchema): Struct {
    const { field: name, 'replace.null.with.default': replaceNull } = this.#settings;
    const values = struct.schema.fields.map(field => {
      const value = fieldValue(struct, field, replaceNull);
      return field.name === name ? this.#convert(value, field.schema) : value;
    });
    return new ValueStruct(schema, values);
  }

  #targetSchema(optional: boolean): Schema {
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
    return value === null ? null : this.#toTarget(this.#toDate(value), true);
  }

  #convertSchemaless(value: Value): Value {
    return value === null ? null : this.#toTarget(this.#toDate(value), false);
  }

  #toDate(value: Value): Date {
    if (value instanceof Date) return value;
    if (typeof value === 'string') {
      if (this.#readText === undefined) throw new DataError('TimestampConverter needs a format to read text');
      return this.#readText(value);
    }
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value)))
      throw new DataError(`TimestampConverter does not support ${kindOfValue(value)} objects as timestamps`);
    const precision = this.#settings['unix.precision'];
    const ms = precision === 'seconds' ? BigInt(value) * 1000n : BigInt(value) / unitsPerMs[precision];
    const date = new Date(Number(ms));
    if (Number.isNaN(date.getTime())) throw new DataError('A timestamp is out of range');
    return date;
  }

  /** `hasSchema`: returns integers as bigint, the form of int64. */
  #toTarget(date: Date, hasSchema: boolean): Value {
    const ms = date.getTime();
    switch (this.#settings['target.type']) {
      case 'string':
        return this.#writeText?.(date) ?? null;
      case 'unix': {
        const precision = this.#settings['unix.precision'];
        const count = precision === 'seconds' ? BigInt(ms) / 1000n : BigInt(ms) * unitsPerMs[precision];
        return hasSchema || !Number.isSafeInteger(Number(count)) ? count : Number(count);
      }
      case 'Date':
        return new Date(Math.floor(ms / DAY_MS) * DAY_MS);
      case 'Time':
        return new Date(ms - Math.floor(ms / DAY_MS) * DAY_MS);
      default:
        return date;
    }
  }
}
