import type { ConnectRecord, Schema, StructSchema, Transform, TransformFactory, Value } from '../../api/index.ts';
import { LogicalName, schemaOf } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import type { Extension } from '../record/extended-struct.ts';
import { createExtension, extendStruct } from '../record/extended-struct.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { RecordPart } from '../record/record-part.ts';
import {
  copySchemaBasics,
  keyPart,
  memoizeBySchema,
  requireObject,
  requireStruct,
  valuePart,
} from '../record/record-part.ts';

const field = (subject: string) =>
  stringKey({
    doc: `Name of the field for ${subject}. A ! at the end makes it required, a ? optional, which is the default.`,
    default: null,
  });

const config = defineConfig(
  {
    'topic.field': field("the record's topic"),
    'partition.field': field("the record's partition"),
    'offset.field': field("the record's offset; only for sinks"),
    'timestamp.field': field("the record's timestamp"),
    'static.field': field('static.value'),
    'static.value': stringKey({ doc: 'Value of static.field.', default: null }),
    ...replaceNullKey,
  },
  {
    refine: c => {
      const fieldNames = [
        c['topic.field'],
        c['partition.field'],
        c['offset.field'],
        c['timestamp.field'],
        c['static.field'],
      ];
      if (fieldNames.every(name => name === null)) return { 'topic.field': 'No field insertion configured' };
      return c['static.field'] !== null && c['static.value'] === null
        ? { 'static.value': `No value specified for static field: ${c['static.field']}` }
        : {};
    },
  },
);
type Settings = Config<typeof config>;

/** Kafka Connect's InsertField: adds metadata of the record or a static value as fields of its key or value. */
const insertField = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new InsertField(part, settings),
});
export const insertFieldKey = insertField(keyPart);
export const insertFieldValue = insertField(valuePart);

interface Insertion {
  readonly name: string;
  readonly schema: Schema;
  /** Value for records with a schema; null inserts nothing. */
  value(record: ConnectRecord): Value;
  /** Value for records without a schema. */
  schemalessValue(record: ConnectRecord): Value;
}

const purpose = 'field insertion';

class InsertField implements Transform {
  readonly #part: RecordPart;
  readonly #insertions: readonly Insertion[];
  readonly #extensionOf: (schema: StructSchema) => Extension;

  constructor(part: RecordPart, settings: Settings) {
    this.#part = part;
    this.#insertions = createInsertions(settings);
    this.#extensionOf = memoizeBySchema(schema => {
      const added = this.#insertions.map(({ name, schema: type }) => ({ name, schema: type }));
      const names = new Set(schema.byName.keys());
      for (const { name } of added) {
        if (names.has(name)) throw new DataError(`Cannot create field because of field name duplication ${name}`);
        names.add(name);
      }
      return createExtension(
        copySchemaBasics(schema, [...schema.fields, ...added]),
        schema.fields.length,
        settings['replace.null.with.default'],
      );
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#part.schema(record) === null) {
      const added = this.#insertions
        .map(insertion => [insertion.name, insertion.schemalessValue(record)] as const)
        .filter(([, v]) => v !== null);
      return this.#part.newRecord(record, null, { ...requireObject(value, purpose), ...Object.fromEntries(added) });
    }
    const struct = requireStruct(value, purpose);
    const extension = this.#extensionOf(struct.schema);
    const added = this.#insertions.map(insertion => insertion.value(record));
    return this.#part.newRecord(record, extension.schema, extendStruct(struct, added, extension));
  }
}

function createInsertions(settings: Settings): Insertion[] {
  const list: Insertion[] = [];
  const add = (
    spec: string | null,
    createSchema: (optional: boolean) => Schema,
    value: (record: ConnectRecord) => Value,
    schemalessValue = value,
  ) => {
    if (spec === null) return;
    const name = /[!?]$/.test(spec) ? spec.slice(0, -1) : spec;
    list.push({ name, schema: createSchema(!spec.endsWith('!')), value, schemalessValue });
  };
  const stringSchema = (optional: boolean) => schemaOf('string', { optional });
  add(settings['topic.field'], stringSchema, record => record.topic);
  add(
    settings['partition.field'],
    optional => schemaOf('int32', { optional }),
    record => record.partition,
  );
  add(
    settings['offset.field'],
    optional => schemaOf('int64', { optional }),
    record => BigInt(offsetOf(record)),
    offsetOf,
  );
  add(
    settings['timestamp.field'],
    optional => schemaOf('int64', { optional, name: LogicalName.Timestamp, version: 1 }),
    record => (record.timestamp === null ? null : new Date(record.timestamp)),
    record => record.timestamp,
  );
  add(settings['static.field'], stringSchema, () => settings['static.value']);
  return list;
}

function offsetOf(record: ConnectRecord): number {
  if ('offset' in record && typeof record.offset === 'number') return record.offset;
  throw new DataError(`Only SinkRecord supported for [${purpose}], found: SourceRecord`);
}
