import type { Log } from '../../../src/api/index.ts';
import { IS_NULL } from '../../../src/cdc/record/row-struct.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { TupleReader } from '../stream/pgoutput.ts';
import type { TypeInfo } from '../types/resolve.ts';
import type { Catalog } from './catalog.ts';
import type { Relation, TableFacts } from './relation.ts';
import type { IdentityCheck } from './replica-identity.ts';
import { buildTable, type SchemaSettings, type Table } from './table-schema.ts';
import { conflictError, sharedTopicReason } from './topic-conflicts.ts';

/** A table as the last Relation message describes it. */
export interface Described {
  readonly relation: Relation;
  readonly facts: TableFacts | undefined;
  readonly types: ReadonlyMap<number, TypeInfo>;
  /** Columns that were null in a row that is older than their NOT NULL. */
  readonly nullable: Set<string>;
  table: Table;
}

type NamedTable = Pick<Relation, 'oid' | 'schema' | 'table'>;

export interface DescribedTablesSettings {
  readonly catalog: Catalog;
  readonly schemas: SchemaSettings;
  /** Captured tables when the stream was opened. */
  readonly tables: readonly NamedTable[];
  readonly identities: Pick<IdentityCheck, 'described'>;
  readonly log: Log;
  captures(schema: string, table: string): boolean;
}

/** The tables of the stream, by object id. */
export class DescribedTables {
  readonly #settings: DescribedTablesSettings;
  /** null: not captured. */
  readonly #tables = new Map<number, Described | null>();
  /** The table of each topic. */
  readonly #topics: Map<string, NamedTable>;

  constructor(settings: DescribedTablesSettings) {
    const { tables, schemas } = settings;
    this.#settings = settings;
    this.#topics = new Map(tables.map(one => [schemas.naming.table(one.schema, one.table), one]));
  }

  /** null: the table is not captured. Throws SOURCE_PROTOCOL for a table that the server has not described. */
  get(oid: number): Described | null {
    const described = this.#tables.get(oid);
    if (described === undefined)
      throw new MillraceError('SOURCE_PROTOCOL', `a change of a table that the server has not described: ${oid}`);
    return described;
  }

  /**
   * Called for each Relation message, which the server sends before the first change of a table and after changes of its
   * definition. Builds new schemas if they differ.
   */
  async describe(relation: Relation): Promise<void> {
    const { oid, schema, table: name, columns } = relation;
    const { catalog, schemas, identities, log } = this.#settings;
    await identities.described(relation);
    if (!this.#settings.captures(schema, name)) {
      this.#tables.set(oid, null);
      return;
    }
    await this.#takeTopic(relation);
    const before = this.#tables.get(oid);
    const facts = (await catalog.table(oid)) ?? before?.facts;
    const types = await catalog.types(columns.map(column => column.type));
    const now = { relation, facts, types, nullable: new Set<string>() };
    if (before && sameSchemas(before, now)) {
      this.#tables.set(oid, { ...now, table: before.table });
      return;
    }
    const table = buildTable(relation, facts, types, schemas);
    warnAboutOmittedColumns(table, log);
    this.#tables.set(oid, { ...now, table });
  }

  /** Rejects with SOURCE_SETUP for a table that was created later and has the topic of another one. */
  async #takeTopic(relation: NamedTable): Promise<void> {
    const { schemas, catalog } = this.#settings;
    const topic = schemas.naming.table(relation.schema, relation.table);
    const other = this.#topics.get(topic);
    if (other !== undefined && other.oid !== relation.oid && !isNamed(other, relation)) {
      const facts = await catalog.table(other.oid);
      if (facts !== undefined && isNamed(facts, other))
        throw conflictError([other, relation], sharedTopicReason(topic));
    }
    this.#topics.set(topic, relation);
  }

  /** The version of the table that fits the tuple: a NOT NULL of the catalog may be newer than a row with a null. */
  fitting(described: Described, tuple: TupleReader): Table {
    const { table } = described;
    if (tuple.nulls === 0) return table;
    const offending = table.required.filter(column => tuple.page[tuple.base + 2 * column] === IS_NULL);
    if (offending.length === 0) return table;
    const { relation, facts, types, nullable } = described;
    for (const column of offending) nullable.add(relation.columns[column]?.name ?? '');
    described.table = buildTable(relation, facts, types, this.#settings.schemas, nullable);
    return described.table;
  }
}

const isNamed = (a: Omit<NamedTable, 'oid'>, b: Omit<NamedTable, 'oid'>): boolean =>
  a.schema === b.schema && a.table === b.table;

/** Logs the columns that are in no record. */
export function warnAboutOmittedColumns({ id, omitted }: Table, log: Log): void {
  if (omitted.length > 0)
    log.warn({ table: id, columns: omitted }, 'columns of types without a representation are left out');
}

/** True if both descriptions have the same schemas. */
function sameSchemas(a: Described, b: Omit<Described, 'table'>): boolean {
  const text = ({ relation, facts, types }: Omit<Described, 'table'>) =>
    JSON.stringify([relation, facts?.columns, facts?.indexes, relation.columns.map(column => types.get(column.type))]);
  return a.nullable.size === 0 && text(a) === text(b);
}
