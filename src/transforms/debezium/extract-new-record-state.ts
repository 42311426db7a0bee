import type {
  ConnectRecord,
  Header,
  JsonObject,
  Schema,
  Struct,
  StructSchema,
  Transform,
  TransformFactory,
  Value,
} from '../../api/index.ts';
import { isStruct, memberOf, schemaOf } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import type { Extension } from '../record/extended-struct.ts';
import { createExtension, extendStruct } from '../record/extended-struct.ts';
import {
  copySchemaBasics,
  isObject,
  memoizeBySchema,
  valuePart,
  withHeaders,
  withTopic,
} from '../record/record-part.ts';
import { dropObjectFields, dropStructFields } from './drop-fields.ts';
import type { FieldReference } from './envelope-fields.ts';
import { parseReferences, resolveObjectField, resolveStructField } from './envelope-fields.ts';
import type { DeleteMode, Settings } from './extract-new-record-state-config.ts';
import { config, resolveDeleteMode } from './extract-new-record-state-config.ts';

/** Debezium's ExtractNewRecordState: replaces the envelope with the row inside it. */
export const extractNewRecordState: TransformFactory<Settings> = {
  config,
  create: settings => new ExtractNewRecordState(settings),
};

/** Precomputed data for one schema of envelopes. */
interface EnvelopePlan {
  readonly before: number;
  readonly after: number;
  /** Schema of the field `after`, for a record whose value is null. */
  readonly afterField: Schema;
  /** Schema of the row without added fields: the schema of `after`, but not optional. */
  readonly row: StructSchema;
  readonly added: readonly { readonly value: (envelope: Struct) => Value }[];
  readonly extension: Extension | undefined;
  readonly headers: readonly {
    readonly name: string;
    readonly schema: Schema;
    readonly value: (envelope: Struct) => Value;
  }[];
}

class ExtractNewRecordState implements Transform {
  readonly #settings: Settings;
  readonly #mode: DeleteMode;
  readonly #rewrite: boolean;
  readonly #fields: readonly FieldReference[];
  readonly #headers: readonly FieldReference[];
  readonly #route: string;
  readonly #dropHeader: string;
  readonly #planOf: (schema: StructSchema) => EnvelopePlan | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#mode = resolveDeleteMode(settings);
    this.#rewrite = this.#mode === 'rewrite' || this.#mode === 'rewrite-with-tombstone';
    this.#fields = parseReferences(settings['add.fields'], settings['add.fields.prefix']);
    this.#headers = parseReferences(settings['add.headers'], settings['add.headers.prefix']);
    this.#route = settings['route.by.field'];
    this.#dropHeader = settings['drop.fields.header.name'] ?? '';
    this.#planOf = memoizeBySchema(schema => this.#createPlan(schema));
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    const { value, valueSchema } = record;
    if (value === null) return this.#applyToTombstone(record);
    if (valueSchema === null) return isEnvelope(value) ? this.#applyToObject(record, value) : record;
    if (valueSchema.type !== 'struct' || !isStruct(value)) return record;
    const plan = this.#planOf(valueSchema);
    return plan === undefined ? record : this.#applyToEnvelope(record, value, plan);
  }

  #applyToTombstone<R extends ConnectRecord>(record: R): R | null {
    if (this.#mode !== 'rewrite-with-tombstone') return null;
    const op = this.#headers.find(({ field }) => field === 'op');
    return op === undefined
      ? record
      : withHeaders(record, [...record.headers, { key: op.name, schema: schemaOf('string'), value: 'd' }]);
  }

  #applyToEnvelope<R extends ConnectRecord>(source: R, envelope: Struct, plan: EnvelopePlan): R | null {
    const after = envelope.at(plan.after);
    let record = source;
    if (plan.headers.length > 0) {
      const added = plan.headers.map(
        ({ name, schema, value }): Header => ({ key: name, schema, value: value(envelope) }),
      );
      record = withHeaders(record, [...record.headers, ...added]);
    }
    const deleted = after === null;
    const row = deleted ? envelope.at(plan.before) : after;
    if (!isStruct(row)) return deleted && row === null ? null : record;
    if (deleted && !this.#rewrite) {
      if (this.#mode === 'drop') return null;
      record = valuePart.newRecord(record, this.#mode === 'tombstone' ? plan.afterField : null, null);
    } else {
      const { extension } = plan;
      const deletedFlag = this.#rewrite ? [deleted ? 'true' : 'false'] : [];
      const value =
        extension === undefined
          ? row
          : extendStruct(row, [...deletedFlag, ...plan.added.map(field => field.value(envelope))], extension);
      record = valuePart.newRecord(record, extension?.schema ?? plan.row, value);
    }
    if (this.#route !== '') record = routeByField(record, stringField(row, this.#route), this.#route);
    return this.#dropHeader === '' ? record : this.#dropFields(record);
  }

  #dropFields<R extends ConnectRecord>(record: R): R {
    const names = record.headers.find(({ key }) => key === this.#dropHeader)?.value;
    if (!Array.isArray(names) || names.length === 0) return record;
    const optionalOnly = this.#settings['drop.fields.keep.schema.compatible'];
    const valueDropped =
      record.value === null ? record : dropStructFields(record, 'Value', names as string[], optionalOnly);
    return this.#settings['drop.fields.from.key'] && record.key !== null
      ? dropStructFields(valueDropped, 'Key', names as string[], optionalOnly)
      : valueDropped;
  }

  #createPlan(schema: StructSchema): EnvelopePlan | undefined {
    if (!(schema.name ?? '').endsWith('.Envelope')) return undefined;
    const [before, after] = [schema.byName.get('before'), schema.byName.get('after')];
    if (before === undefined || after === undefined || after.schema.type !== 'struct') return undefined;
    const row = after.schema;
    const added = this.#fields.flatMap(reference => resolveStructField(schema, reference) ?? []);
    const fields = [
      ...row.fields,
      ...(this.#rewrite ? [{ name: '__deleted', schema: schemaOf('string', { optional: true }) }] : []),
      ...added,
    ];
    return {
      before: before.index,
      after: after.index,
      afterField: row,
      row: { ...copySchemaBasics(row, []), fields: row.fields, byName: row.byName },
      added,
      extension:
        fields.length > row.fields.length
          ? createExtension(
              copySchemaBasics(row, fields),
              row.fields.length,
              this.#rewrite && this.#settings['replace.null.with.default'],
            )
          : undefined,
      headers: this.#headers.flatMap(reference => resolveStructField(schema, reference) ?? []),
    };
  }

  #applyToObject<R extends ConnectRecord>(source: R, envelope: JsonObject): R | null {
    const after = envelope['after'] ?? null;
    const deleted = after === null;
    const row = deleted ? (envelope['before'] ?? null) : after;
    let record = source;
    if (this.#headers.length > 0) {
      const added = this.#headers.flatMap(reference => resolveObjectField(envelope, reference) ?? []);
      record = withHeaders(record, [
        ...record.headers,
        ...added.map(({ name, value }) => ({ key: name, schema: null, value })),
      ]);
    }
    if (!isObject(row)) return null;
    if (deleted && !this.#rewrite) {
      if (this.#mode === 'drop') return null;
      record = valuePart.newRecord(record, null, null);
    } else {
      const added = this.#fields.flatMap(reference => resolveObjectField(envelope, reference) ?? []);
      const deletedFlag = this.#rewrite ? { __deleted: deleted ? 'true' : 'false' } : {};
      const isUnchanged = added.length === 0 && !this.#rewrite;
      const value = isUnchanged
        ? row
        : { ...row, ...deletedFlag, ...Object.fromEntries(added.map(field => [field.name, field.value])) };
      record = valuePart.newRecord(record, null, value);
    }
    if (this.#route !== '') record = routeByField(record, memberOf(row, this.#route), this.#route);
    const names =
      this.#dropHeader === '' ? undefined : record.headers.find(({ key }) => key === this.#dropHeader)?.value;
    return Array.isArray(names)
      ? dropObjectFields(record, names as string[], this.#settings['drop.fields.from.key'])
      : record;
  }
}

/** Recognizes Debezium's envelope without a schema by its operation, source, and row before or after. */
function isEnvelope(value: Value): value is JsonObject {
  return (
    isObject(value) &&
    typeof value['op'] === 'string' &&
    isObject(value['source']) &&
    (value['after'] !== undefined || value['before'] !== undefined)
  );
}

/** Value of a field, which must have a string schema even if the value is null; undefined if there is no such field. */
function stringField(row: Struct, name: string): Value | undefined {
  const field = row.schema.byName.get(name);
  if (field === undefined) return undefined;
  if (field.schema.type !== 'string') throw new DataError(`Field '${name}' is not of type STRING`);
  return row.at(field.index);
}

function routeByField<R extends ConnectRecord>(record: R, topic: Value | undefined, field: string): R {
  if (topic === undefined) throw new DataError(`${field} is not a valid field name`);
  if (topic === null) return record;
  if (typeof topic !== 'string') throw new DataError(`Field '${field}' is not of type STRING`);
  return topic.trim() === '' ? record : withTopic(record, topic);
}
