import type { ConnectRecord, Schema, StructSchema, Transform, TransformFactory, Value } from '../../api/index.ts';
import { LogicalName, schemaOf } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import type { Extension } from '../record/extended-struct.ts';
import { extendStruct, extension } from '../record/extended-struct.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import { bySchema, keyPart, requireObject, requireStruct, sameBasics, valuePart } from '../record/record-part.ts';

const field = (what: string) =>
  stringKey({
    doc: `Name of the field for ${what}. A ! at the end makes it required, a ? optional, which is the default.`,
    default: null,
  });

const config = defineConfig(
  {
    'topic.field': field("the record's topic"),
    'partition.field': field("the record's partition"),
    'offset.field': field("the record's offset, of sinks alone"),
    'timestamp.field': field("the record's timestamp"),
    'static.field': field('static.value'),
    'static.value': stringKey({ doc: 'What is put into static.field.', default: null }),
    ...replaceNullKey,
  },
  {
    refine: c => {
      const none = [c['topic.field'], c['partition.field'], c['offset.field'], c['timestamp.field'], c['static.field']];
      if (none.every(name => name === null)) return { 'topic.field': 'No field insertion configured' };
      return c['static.field'] !== null && c['static.value'] === null
        ? { 'static.value': `No value specified for static field: ${c['static.field']}` }
        : {};
    },
  },
);
type Settings = Config<typeof config>;

/** Kafka Connect's InsertField: what is known of the record, or a fixed text, as fields of its key or value. */
const insertField = (part: Part): TransformFactory<Settings> => ({
  config,
  create: settings => new InsertField(part, settings),
});
export const insertFieldKey = insertField(keyPart);
export const insertFieldValue = insertField(valuePart);

interface Insertion {
  readonly name: string;
  readonly schema: Schema;
  /** null: nothing to insert. */
  value(record: ConnectRecord): Value;
  /** The same for a value without a schema. */
  plain(record: ConnectRecord): Value;
}

const purpose = 'field insertion';

class InsertField implements Transform {
  readonly #part: Part;
  readonly #insertions: readonly Insertion[];
  readonly #extensionOf: (schema: StructSchema) => Extension;

  constructor(part: Part, settings: Settings) {
    this.#part = part;
    this.#insertions = insertionsOf(settings);
    this.#extensionOf = bySchema(schema => {
      const added = this.#insertions.map(({ name, schema: type }) => ({ name, schema: type }));
      const names = new Set(schema.byName.keys());
      for (const { name } of added) {
        if (names.has(name)) throw new DataError(`Cannot create field because of field name duplication ${name}`);
        names.add(name);
      }
      return extension(
        sameBasics(schema, [...schema.fields, ...added]),
        schema.fields.length,
        settings['replace.null.with.default'],
      );
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#part.schema(record) === null) {
      const added = this.#insertions.map(one => [one.name, one.plain(record)] as const).filter(([, v]) => v !== null);
      return this.#part.with(record, null, { ...requireObject(value, purpose), ...Object.fromEntries(added) });
    }
    const struct = requireStruct(value, purpose);
    const to = this.#extensionOf(struct.schema);
    const added = this.#insertions.map(one => one.value(record));
    return this.#part.with(record, to.schema, extendStruct(struct, added, to));
  }
}

function insertionsOf(settings: Settings): Insertion[] {
  const list: Insertion[] = [];
  const add = (
    spec: string | null,
    typed: (optional: boolean) => Schema,
    value: (record: ConnectRecord) => Value,
    plain = value,
  ) => {
    if (spec === null) return;
    const name = /[!?]$/.test(spec) ? spec.slice(0, -1) : spec;
    list.push({ name, schema: typed(!spec.endsWith('!')), value, plain });
  };
  const string = (optional: boolean) => schemaOf('string', { optional });
  add(settings['topic.field'], string, record => record.topic);
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
  add(settings['static.field'], string, () => settings['static.value']);
  return list;
}

function offsetOf(record: ConnectRecord): number {
  if ('offset' in record && typeof record.offset === 'number') return record.offset;
  throw new DataError(`Only SinkRecord supported for [${purpose}], found: SourceRecord`);
}
