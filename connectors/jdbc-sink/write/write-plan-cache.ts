import { isStruct, type Schema, type SinkRecord, type StructSchema } from '../../../src/api/index.ts';
import { DataError, MillraceError } from '../../../src/errors.ts';
import { defaultKafkaColumns, offsetOf, type Settings } from '../config/settings.ts';
import type { Session } from '../protocol/session.ts';
import type { Table } from '../table/catalogue.ts';
import type { TableDefinition } from '../table/evolution.ts';
import type { TableName } from '../table/identifiers.ts';
import type { TableNames } from '../table/table-names.ts';
import { encoderFor } from '../values/encoder-for.ts';
import { isPlainObject } from '../values/literals.ts';
import type { Change } from './change-reader.ts';
import { type Field, kafkaFields, plainField, structFields, withDefault } from './fields.ts';
import { withInstants } from './instant-fields.ts';
import { header, keyField, keyMember, rowField, rowMember, wholeKey } from './value-accessors.ts';
import { Layout, type LayoutColumn } from './write-plan.ts';

/** What stands for a shape of rows or keys: a schema, or the names that a plain object has. */
type Shape = StructSchema | Schema | PlainShape;

class PlainShape {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** What stands for the row where there is none. */
const DELETE = new PlainShape([]);
const TRUNCATE = new PlainShape([]);
/** A key that does not matter, or a primitive one without schema. */
const PRIMITIVE = new PlainShape([]);
/** Plain shapes kept before all layouts are forgotten, as records may have any number of them. */
const MAX_SHAPES = 1000;

/** What records have that no table is for: there is none by their name, or none yet to delete from. */
export const NOWHERE = Symbol('nowhere');
type Target = Layout | typeof NOWHERE;

interface Found {
  readonly topic: string;
  readonly row: Shape;
  readonly key: Shape;
  readonly target: Layout;
}

/**
 * The layouts of the shapes that records have come in. Finding one is a few comparisons where a record is shaped as
 * the one before it.
 */
export class Layouts {
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #definition: TableDefinition;
  readonly #names: TableNames;
  readonly #utc: boolean;
  readonly #shapes = new Map<string, PlainShape>();
  #known = new WeakMap<Shape, WeakMap<Shape, Map<string, Layout>>>();
  /** Tables that were not there when last looked for in this batch. */
  readonly #missing = new Set<string>();
  #lastWrite: Found | undefined;
  #lastDelete: Found | undefined;

  constructor(settings: Settings, session: Session, definition: TableDefinition, names: TableNames) {
    this.#settings = settings;
    this.#session = session;
    this.#definition = definition;
    this.#names = names;
    this.#utc = settings.timeZone === 'UTC' || offsetOf(settings.timeZone) === '+00:00';
  }

  /** The layout of a record's shape; undefined where it must be made first. Throws SINK_SCHEMA. */
  find(record: SinkRecord, change: Change): Target | undefined {
    const row = this.#rowShape(change);
    const key = this.#keyShape(record, change);
    const last = change.row === null ? this.#lastDelete : this.#lastWrite;
    if (!this.#names.bySource && last?.row === row && last.key === key && last.topic === record.topic)
      return last.target;
    const name = this.#names.of(record.topic, change.source);
    if (name === null) return NOWHERE;
    const id = identity(record.topic, name);
    const target = this.#known.get(row)?.get(key)?.get(id);
    if (target === undefined) return change.row === null && this.#missing.has(id) ? NOWHERE : undefined;
    const found: Found = { topic: record.topic, row, key, target };
    if (change.row === null) this.#lastDelete = found;
    else this.#lastWrite = found;
    return target;
  }

  /** Makes the layout that `find` did not find, and the table and columns that it needs. Rejects with a MillraceError. */
  async make(record: SinkRecord, change: Change): Promise<Target> {
    const name = this.#names.of(record.topic, change.source);
    if (name === null) return NOWHERE;
    const row = this.#rowShape(change);
    const key = this.#keyShape(record, change);
    const target = await this.#compile(record, row, key, name);
    const id = identity(record.topic, name);
    if (target === NOWHERE) {
      this.#missing.add(id);
      return target;
    }
    this.#missing.clear();
    const byKey = this.#known.get(row) ?? new WeakMap<Shape, Map<string, Layout>>();
    const byTable = byKey.get(key) ?? new Map<string, Layout>();
    this.#known.set(row, byKey.set(key, byTable.set(id, target)));
    return target;
  }

  /** Between batches: looks anew for tables that were not there; forgets all when plain records have very many shapes. */
  tidy(): void {
    this.#missing.clear();
    if (this.#shapes.size > MAX_SHAPES) this.forget();
  }

  /** After the destination has changed. */
  forget(): void {
    this.#known = new WeakMap();
    this.#shapes.clear();
    this.#lastWrite = undefined;
    this.#lastDelete = undefined;
  }

  #rowShape({ operation, row }: Change): Shape {
    if (row === null) return operation === 'truncate' ? TRUNCATE : DELETE;
    return isStruct(row) ? row.schema : this.#plain(Object.keys(row));
  }

  #plain(names: readonly string[]): PlainShape {
    const id = names.join('\0');
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = new PlainShape(names);
      this.#shapes.set(id, shape);
    }
    return shape;
  }

  #keyShape({ key, keySchema, headers }: SinkRecord, { operation }: Change): Shape {
    if (operation === 'truncate') return PRIMITIVE;
    switch (this.#settings.pkMode) {
      case 'record_key':
        if (isStruct(key)) return key.schema;
        if (isPlainObject(key)) return this.#plain(Object.keys(key));
        return keySchema ?? PRIMITIVE;
      case 'record_header': {
        const { pkFields } = this.#settings;
        return pkFields.length > 0 ? PRIMITIVE : this.#plain(headers.map(each => each.key));
      }
      default:
        return PRIMITIVE;
    }
  }

  async #compile(record: SinkRecord, rowShape: Shape, keyShape: Shape, name: TableName): Promise<Target> {
    const { insertMode } = this.#settings;
    const prepare = (sql: string, parameters: readonly number[]) => this.#session.statement(sql, parameters);
    if (rowShape === DELETE || rowShape === TRUNCATE) {
      const keys = rowShape === DELETE ? this.#keyFields(record, rowShape, keyShape) : [];
      const table = await this.#definition.existing(name, record.topic);
      return table === null ? NOWHERE : new Layout(table, this.#bind(table, keys, record), 'delete', prepare);
    }
    const keys = this.#keyFields(record, rowShape, keyShape);
    const fields = [...keys, ...this.#rowFields(record.topic, rowShape, new Set(keys.map(key => key.name)))];
    if (fields.length === 0)
      throw new DataError(
        `There is nothing to write in ${placeOf(record)}: it has no fields, or none that are written.`,
      );
    const table = await this.#definition.fitting(name, record.topic, fields);
    return new Layout(table, this.#bind(table, fields, record), insertMode, prepare);
  }

  #bind(table: Table, fields: readonly Field[], record: SinkRecord): readonly LayoutColumn[] {
    return fields.flatMap(({ name, schema, key, origin, index }): LayoutColumn[] => {
      const column = table.column(name);
      if (column === undefined) {
        throw new MillraceError(
          'SINK_SCHEMA',
          `Table ${table.sql} has no column ${name}, which is part of the key of the topic ${record.topic}: ` +
            `add it, or set ${this.#settings.names.pkFields}.`,
        );
      }
      // What the table computes by itself is the same there.
      if (column.generated) return [];
      return [{ column, name, key, origin, schema, field: index, encoder: encoderFor(schema, column, this.#utc) }];
    });
  }

  #rowFields(topicName: string, shape: Shape, keys: ReadonlySet<string>): readonly Field[] {
    const { writes, replaceNulls, instants } = this.#settings;
    const wanted = (name: string) => !keys.has(name) && writes(topicName, name);
    if (shape instanceof PlainShape) {
      const members = shape.names.filter(wanted).map(name => plainField(name, rowMember(name), false));
      return withInstants(members, instants);
    }
    const fields = structFields(shape, rowField, false).filter(field => wanted(field.name));
    return withInstants(replaceNulls ? fields.map(withDefault) : fields, instants);
  }

  #keyFields(record: SinkRecord, rowShape: Shape, keyShape: Shape): readonly Field[] {
    const { pkMode, pkFields } = this.#settings;
    switch (pkMode) {
      case 'none':
        return [];
      case 'kafka':
        return kafkaFields(pkFields.length === 3 ? pkFields : defaultKafkaColumns);
      case 'record_value':
        return this.#chosen(
          rowShape instanceof PlainShape
            ? rowShape.names.map(name => plainField(name, rowMember(name), true))
            : structFields(rowShape, rowField, true),
          'value',
          record,
        );
      case 'record_key':
        return this.#recordKeyFields(record, keyShape);
      case 'record_header': {
        const names = pkFields.length > 0 ? pkFields : record.headers.map(each => each.key);
        return [...new Set(names)].map(name => {
          const found = record.headers.findLast(each => each.key === name);
          if (found === undefined)
            throw new DataError(
              `No header ${name}, which ${this.#settings.names.pkFields} names, at ${placeOf(record)}.`,
            );
          return { name, schema: found.schema, key: true, origin: header(name), index: -1 };
        });
      }
    }
  }

  #recordKeyFields(record: SinkRecord, shape: Shape): readonly Field[] {
    const { pkFields, names } = this.#settings;
    if (isStruct(record.key)) return this.#chosen(structFields(shape as Schema, keyField, true), 'key', record);
    if (shape instanceof PlainShape && shape !== PRIMITIVE)
      return this.#chosen(
        shape.names.map(name => plainField(name, keyMember(name), true)),
        'key',
        record,
      );
    if (record.key === null || record.key === undefined) throw noKey(record, names.pkMode);
    const [only] = pkFields;
    if (only === undefined || pkFields.length > 1) {
      throw new DataError(
        `Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: ` +
          `[${pkFields.join(', ')}]. Set ${names.pkFields} to the column's name. Found at ${placeOf(record)}.`,
      );
    }
    const schema = shape instanceof PlainShape ? null : (shape as Schema);
    return [{ name: only, schema, key: true, origin: wholeKey, index: -1 }];
  }

  /** The fields that the configuration names, in its order; all where it names none. */
  #chosen(fields: readonly Field[], part: 'key' | 'value', record: SinkRecord): readonly Field[] {
    const { pkFields, pkMode, names } = this.#settings;
    if (pkFields.length === 0) return fields;
    return pkFields.map(name => {
      const field = fields.find(each => each.name === name);
      if (field !== undefined) return field;
      throw new DataError(
        `${names.pkMode} is ${pkMode} with configured ${names.pkFields} [${pkFields.join(', ')}], but the record ${part} ` +
          `does not contain field: ${name}. Found at ${placeOf(record)}.`,
      );
    });
  }
}

const identity = (topicName: string, { schema, table }: TableName): string =>
  [topicName, schema ?? '', table].join('\0');

/** Where a record is in Kafka. */
export const placeOf = ({ originalTopic, originalPartition, offset: at, timestamp }: SinkRecord): string =>
  `the record at (topic='${originalTopic}',partition=${originalPartition},offset=${at},timestamp=${timestamp})`;

export function noKey(record: SinkRecord, pkMode: string): DataError {
  return new DataError(
    `The JDBC sink connector is configured with '${pkMode}=record_key' and therefore requires non-null record keys, ` +
      `but found ${placeOf(record)} with a null key and ${record.keySchema?.type ?? 'null'} key schema.`,
  );
}
