import type { Schema } from '../../../src/api/index.ts';
import { Bytes, type StructSchema, structOfFields } from '../../../src/api/index.ts';
import { type NameAdjustment, nameAdjuster, type TopicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { envelopeSchema } from '../../../src/cdc/record/envelope.ts';
import type { CapturedTable } from '../../../src/cdc/record/record-builder.ts';
import type { KeyLayout, RowField } from '../../../src/cdc/record/row-struct.ts';
import { type Placeholder, unavailableOf } from '../../../src/cdc/record/unavailable-value.ts';
import { NULL_TEXT, writeJson } from '../../../src/data/json/json-text.ts';
import { SOURCE_COLUMN_PREFIX } from '../../../src/debezium/names.ts';
import { type SourceIdentity, sourceSchema, sourceText } from '../source-info.ts';
import { defaultValue } from '../types/default-value.ts';
import { codecOf, type TypeInfo, type TypeSettings } from '../types/resolve.ts';
import { sourceType } from '../types/source-type.ts';
import { keyColumns, type Relation, type RelationColumn, type TableFacts } from './relation.ts';

/** One version of a table: its schemas, made once, and how its rows are read and written. */
export interface Table extends CapturedTable {
  readonly oid: number;
  /** `schema.table` */
  readonly id: string;
  /** Names of columns that are in no record, their types having no representation. */
  readonly omitted: readonly string[];
  /** Columns of the tuple that the schema does not let be null. */
  readonly required: readonly number[];
}

export interface SchemaSettings {
  readonly names: SourceIdentity;
  readonly naming: TopicNaming;
  readonly types: TypeSettings;
  readonly placeholder: Placeholder;
  readonly schemaNames: NameAdjustment;
  readonly fieldNames: NameAdjustment;
  /** column.include.list, column.exclude.list */
  includesColumn(schema: string, table: string, column: string): boolean;
  /** column.propagate.source.type, datatype.propagate.source.type. type: its name, such as VARCHAR. */
  propagatesType(schema: string, table: string, column: string, type: string): boolean;
  /** message.key.columns; undefined: the table's own key. */
  customKey(schema: string, table: string, columns: readonly string[]): readonly string[] | undefined;
}

/**
 * relation: the columns of the tuples to come. facts: what the catalogue says now, undefined for a table that is gone.
 * nullable: columns that have been seen to be null in a row older than the catalogue's NOT NULL.
 */
export function buildTable(
  relation: Relation,
  facts: TableFacts | undefined,
  types: ReadonlyMap<number, TypeInfo>,
  settings: SchemaSettings,
  nullable: ReadonlySet<string> = new Set(),
): Table {
  const { schema, table } = relation;
  const ownKey = keyColumns(relation, facts);
  const columnNames = relation.columns.map(column => column.name);
  const key = settings.customKey(schema, table, columnNames) ?? ownKey;
  const topic = settings.naming.table(schema, table);
  const fieldName = nameAdjuster(settings.fieldNames, false);
  const typeName = nameAdjuster(settings.schemaNames, true);

  const omitted: string[] = [];
  const builtColumns = relation.columns.flatMap((column, i): (BuiltColumn & { readonly i: number })[] => {
    if (!settings.includesColumn(schema, table, column.name) && !key.includes(column.name)) return [];
    const one = buildColumn(column, relation, facts, types, settings, ownKey, nullable);
    if (one === 'omitted') omitted.push(column.name);
    return typeof one === 'string' ? [] : [{ ...one, i }];
  });
  const value = structOfFields(
    builtColumns.map(({ column, fieldSchema, parameters }) => ({
      name: fieldName(column.name),
      schema: withParameters(fieldSchema, parameters),
    })),
    { optional: true, name: typeName(`${topic}.Value`) },
  );
  const fields = builtColumns.map((one, index) => rowField(one, one.i, value, index, settings.placeholder));
  const indexOf = new Map(builtColumns.map(({ column }, index) => [column.name, index]));
  const indexesOf = (names: readonly string[]): number[] | null => {
    const indexes = names.flatMap(name => indexOf.get(name) ?? []);
    return names.length > 0 && indexes.length === names.length ? indexes : null;
  };
  return {
    oid: relation.oid,
    schema,
    name: table,
    id: `${schema}.${table}`,
    topic,
    sourceText: sourceText(schema, table),
    row: { schema: value, fields },
    key: keyLayout(indexesOf(key), value, builtColumns, typeName(`${topic}.Key`)),
    envelope: envelopeSchema(value, sourceSchema, typeName(`${topic}.Envelope`)),
    omitted,
    required: fields.filter(field => field.notNull).map(field => field.column),
  };
}

interface BuiltColumn {
  readonly column: RelationColumn;
  readonly fieldSchema: Schema;
  readonly codec: NonNullable<ReturnType<typeof codecOf>>;
  /** Parameters that tell the database's type; in the row's schema, not in the key's. */
  readonly parameters: Readonly<Record<string, string>>;
}

const withParameters = (schema: Schema, parameters: Readonly<Record<string, string>>): Schema =>
  Object.keys(parameters).length === 0 ? schema : { ...schema, parameters: { ...schema.parameters, ...parameters } };

/** omitted: its type is left out. generated: only snapshots would have it. */
function buildColumn(
  column: RelationColumn,
  relation: Relation,
  facts: TableFacts | undefined,
  types: ReadonlyMap<number, TypeInfo>,
  settings: SchemaSettings,
  ownKey: readonly string[],
  nullable: ReadonlySet<string>,
): BuiltColumn | 'omitted' | 'generated' {
  const columnFacts = facts?.columns.find(fact => fact.name === column.name && fact.type === column.type);
  if (columnFacts?.generated) return 'generated';
  const codec = codecOf(types, column.type, column.typmod, settings.types);
  if (codec === undefined) return 'omitted';
  const ofPrimaryKey = relation.replicaIdentity === 'd' && column.identity;
  const notNull =
    ((columnFacts?.notNull ?? ownKey.includes(column.name)) || ofPrimaryKey) && !nullable.has(column.name);
  const value = columnFacts === undefined ? undefined : defaultValue(codec, columnFacts.default, notNull);
  const fieldSchema: Schema = {
    ...codec.schema,
    optional: !notNull,
    ...(value === undefined ? {} : { default: value }),
  };
  const type = sourceType(types, column.type, column.typmod, columnFacts?.default ?? null);
  const { schema, table } = relation;
  const parameters = settings.propagatesType(schema, table, column.name, type.name)
    ? {
        [`${SOURCE_COLUMN_PREFIX}type`]: type.name,
        [`${SOURCE_COLUMN_PREFIX}length`]: String(type.length),
        [`${SOURCE_COLUMN_PREFIX}scale`]: String(type.scale),
        [`${SOURCE_COLUMN_PREFIX}name`]: column.name,
      }
    : {};
  return { column, codec, fieldSchema, parameters };
}

function rowField(
  { column, fieldSchema, codec }: BuiltColumn,
  tupleColumn: number,
  row: StructSchema,
  index: number,
  placeholder: Placeholder,
): RowField {
  const missing = fieldSchema.default ?? codec.missing;
  const notNull = !fieldSchema.optional;
  const unavailable =
    codec.unavailable?.(placeholder) ?? unavailableOf(codec.schema, placeholder) ?? (notNull ? missing : null);
  const text = (value: typeof missing): Uint8Array => {
    const out = new Bytes(64);
    writeJson(out, fieldSchema, value);
    return out.take();
  };
  return {
    name: column.name,
    prefix: prefix(row, index, index === 0),
    column: tupleColumn,
    codec,
    notNull,
    nullText: notNull ? NULL_TEXT : text(null),
    missing,
    missingText: text(missing),
    unavailable,
    unavailableText: text(unavailable),
  };
}

function prefix(row: StructSchema, index: number, first: boolean): Uint8Array {
  return Buffer.from(`${first ? '{' : ','}${JSON.stringify(row.fields[index]?.name)}:`);
}

function keyLayout(
  fields: readonly number[] | null,
  row: StructSchema,
  columns: readonly BuiltColumn[],
  name: string,
): KeyLayout | null {
  if (fields === null) return null;
  const schema = structOfFields(
    fields.flatMap(index => {
      const [field, column] = [row.fields[index], columns[index]];
      return field === undefined || column === undefined ? [] : [{ name: field.name, schema: column.fieldSchema }];
    }),
    { name },
  );
  return { schema, fields, prefixes: fields.map((index, i) => prefix(row, index, i === 0)) };
}
