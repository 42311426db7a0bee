import { isStruct, type SinkRecord } from '../../../src/api/index.ts';
import { DataError, MillraceError } from '../../../src/errors.ts';
import { offsetOf, type Settings } from '../config/settings.ts';
import { describeRecord } from '../fields/describe-record.ts';
import type { Field } from '../fields/fields.ts';
import { RecordFields } from '../fields/record-fields.ts';
import { DELETE, PRIMITIVE, SchemalessShape, type Shape, TRUNCATE } from '../fields/record-shape.ts';
import type { Session } from '../protocol/session.ts';
import type { Table } from '../table/catalogue.ts';
import type { TableEvolution } from '../table/evolution.ts';
import type { TableName } from '../table/identifiers.ts';
import type { TableNames } from '../table/table-names.ts';
import { encoderFor } from '../values/encoder-for.ts';
import { isPlainObject } from '../values/literal.ts';
import type { ChangeReader } from './change-reader.ts';
import { type PlanColumn, WritePlan } from './write-plan.ts';

/** Number of schemaless shapes after which the cache is cleared: records may have any number of them. */
const MAX_SHAPES = 1000;

/** Result for records without a table: none matches their name, or none exists yet to delete from. */
export const NO_TABLE = Symbol('no table');
type Target = WritePlan | typeof NO_TABLE;

interface CachedPlan {
  readonly topic: string;
  readonly row: Shape;
  readonly key: Shape;
  readonly target: WritePlan;
}

/**
 * Write plans by the shape of records. The lookup takes a few comparisons if a record has the same shape as the previous
 * one.
 */
export class WritePlanCache {
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #evolution: TableEvolution;
  readonly #names: TableNames;
  readonly #fields: RecordFields;
  readonly #utc: boolean;
  readonly #shapes = new Map<string, SchemalessShape>();
  #plans = new WeakMap<Shape, WeakMap<Shape, Map<string, WritePlan>>>();
  /** Tables that were missing in this batch. */
  readonly #missingTables = new Set<string>();
  #lastWrite: CachedPlan | undefined;
  #lastDelete: CachedPlan | undefined;

  constructor(settings: Settings, session: Session, evolution: TableEvolution, names: TableNames) {
    this.#settings = settings;
    this.#session = session;
    this.#evolution = evolution;
    this.#fields = new RecordFields(settings);
    this.#names = names;
    this.#utc = settings.timeZone === 'UTC' || offsetOf(settings.timeZone) === '+00:00';
  }

  /** Plan of a record's shape; undefined if it must be compiled first. Throws SINK_SCHEMA. */
  find(record: SinkRecord, change: ChangeReader): Target | undefined {
    const row = this.#rowShape(change);
    const key = this.#keyShape(record, change);
    const last = change.row === null ? this.#lastDelete : this.#lastWrite;
    if (!this.#names.dependsOnSource && last?.row === row && last.key === key && last.topic === record.topic)
      return last.target;
    const name = this.#names.resolve(record.topic, change.source);
    if (name === null) return NO_TABLE;
    const id = planId(record.topic, name);
    const target = this.#plans.get(row)?.get(key)?.get(id);
    if (target === undefined) return change.row === null && this.#missingTables.has(id) ? NO_TABLE : undefined;
    const cached: CachedPlan = { topic: record.topic, row, key, target };
    if (change.row === null) this.#lastDelete = cached;
    else this.#lastWrite = cached;
    return target;
  }

  /** Compiles and caches a plan; creates the table and the columns that it needs. Rejects with a MillraceError. */
  async compile(record: SinkRecord, change: ChangeReader): Promise<Target> {
    const name = this.#names.resolve(record.topic, change.source);
    if (name === null) return NO_TABLE;
    const row = this.#rowShape(change);
    const key = this.#keyShape(record, change);
    const target = await this.#build(record, row, key, name);
    const id = planId(record.topic, name);
    if (target === NO_TABLE) {
      this.#missingTables.add(id);
      return target;
    }
    this.#missingTables.clear();
    const byKey = this.#plans.get(row) ?? new WeakMap<Shape, Map<string, WritePlan>>();
    const byTable = byKey.get(key) ?? new Map<string, WritePlan>();
    this.#plans.set(row, byKey.set(key, byTable.set(id, target)));
    return target;
  }

  /** Called before each batch: missing tables are looked up again, and a cache with too many shapes is cleared. */
  prepareBatch(): void {
    this.#missingTables.clear();
    if (this.#shapes.size > MAX_SHAPES) this.clear();
  }

  /** Called after the destination has changed. */
  clear(): void {
    this.#plans = new WeakMap();
    this.#shapes.clear();
    this.#lastWrite = undefined;
    this.#lastDelete = undefined;
  }

  #rowShape({ operation, row }: ChangeReader): Shape {
    if (row === null) return operation === 'truncate' ? TRUNCATE : DELETE;
    return isStruct(row) ? row.schema : this.#schemalessShape(Object.keys(row));
  }

  #schemalessShape(names: readonly string[]): SchemalessShape {
    const id = names.join('\0');
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = new SchemalessShape(names);
      this.#shapes.set(id, shape);
    }
    return shape;
  }

  #keyShape({ key, keySchema, headers }: SinkRecord, { operation }: ChangeReader): Shape {
    if (operation === 'truncate') return PRIMITIVE;
    switch (this.#settings.pkMode) {
      case 'record_key':
        if (isStruct(key)) return key.schema;
        if (isPlainObject(key)) return this.#schemalessShape(Object.keys(key));
        return keySchema ?? PRIMITIVE;
      case 'record_header': {
        const { pkFields } = this.#settings;
        return pkFields.length > 0 ? PRIMITIVE : this.#schemalessShape(headers.map(each => each.key));
      }
      default:
        return PRIMITIVE;
    }
  }

  async #build(record: SinkRecord, rowShape: Shape, keyShape: Shape, name: TableName): Promise<Target> {
    const { insertMode } = this.#settings;
    const prepare = (sql: string, parameters: readonly number[]) => this.#session.statement(sql, parameters);
    if (rowShape === DELETE || rowShape === TRUNCATE) {
      const keys = rowShape === DELETE ? this.#fields.keyFields(record, rowShape, keyShape) : [];
      const table = await this.#evolution.existingTable(name, record.topic);
      return table === null ? NO_TABLE : new WritePlan(table, this.#bind(table, keys, record), 'delete', prepare);
    }
    const keys = this.#fields.keyFields(record, rowShape, keyShape);
    const fields = [...keys, ...this.#fields.valueFields(record.topic, rowShape, new Set(keys.map(key => key.name)))];
    if (fields.length === 0)
      throw new DataError(
        `There are no fields to write in ${describeRecord(record)}: it has none, or the configuration excludes all of them.`,
      );
    const table = await this.#evolution.ensureTable(name, record.topic, fields);
    return new WritePlan(table, this.#bind(table, fields, record), insertMode, prepare);
  }

  #bind(table: Table, fields: readonly Field[], record: SinkRecord): readonly PlanColumn[] {
    return fields.flatMap(({ name, schema, key, accessor: origin, index }): PlanColumn[] => {
      const column = table.column(name);
      if (column === undefined) {
        throw new MillraceError(
          'SINK_SCHEMA',
          `Table ${table.sql} has no column ${name}, which is part of the key of the topic ${record.topic}: ` +
            `add it, or set ${this.#settings.names.pkFields}.`,
        );
      }
      // The table computes generated columns.
      if (column.generated) return [];
      return [
        {
          column,
          name,
          key,
          accessor: origin,
          schema,
          fieldIndex: index,
          encoder: encoderFor(schema, column, this.#utc),
        },
      ];
    });
  }
}

const planId = (topicName: string, { schema, table }: TableName): string => [topicName, schema ?? '', table].join('\0');
