import type { Log } from '../../../src/api/index.ts';
import { IS_NULL } from '../../../src/cdc/record/row-struct.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { TupleReader } from '../stream/pgoutput.ts';
import type { TypeInfo } from '../types/resolve.ts';
import type { Catalog } from './catalog.ts';
import type { Relation, TableFacts } from './relation.ts';
import type { IdentityCheck } from './replica-identity.ts';
import { buildTable, type SchemaSettings, type Table } from './table-schema.ts';
import { sameName, sharing } from './topic-conflicts.ts';

/** A table as the stream last described it. */
export interface Described {
  readonly relation: Relation;
  readonly facts: TableFacts | undefined;
  readonly types: ReadonlyMap<number, TypeInfo>;
  /** Columns that have been null in a row older than their NOT NULL. */
  readonly nullable: Set<string>;
  table: Table;
}

type NamedTable = Pick<Relation, 'oid' | 'schema' | 'table'>;

export interface DescribedTablesSettings {
  readonly catalog: Catalog;
  readonly schemas: SchemaSettings;
  /** Captured ones, when the stream was opened. */
  readonly tables: readonly NamedTable[];
  readonly identities: Pick<IdentityCheck, 'described'>;
  readonly log: Log;
  captures(schema: string, table: string): boolean;
}

/** The tables that the stream speaks of, by object id. */
export class DescribedTables {
  readonly #settings: DescribedTablesSettings;
  /** null: not captured. */
  readonly #tables = new Map<number, Described | null>();
  /** By topic, the table that has it. */
  readonly #topics: Map<string, NamedTable>;

  constructor(settings: DescribedTablesSettings) {
    const { tables, schemas } = settings;
    this.#settings = settings;
    this.#topics = new Map(tables.map(one => [schemas.naming.table(one.schema, one.table), one]));
  }

  /** null where the table is not captured. SOURCE_PROTOCOL where the server has not described it. */
  get(oid: number): Described | null {
    const described = this.#tables.get(oid);
    if (described === undefined)
      throw new MillraceError('SOURCE_PROTOCOL', `a change of a table that the server has not described: ${oid}`);
    return described;
  }

  /**
   * The server describes a table before the first change of it, and again when anything about it is different. New
   * schemas are made where that matters to them.
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
    warnOfOmitted(table, log);
    this.#tables.set(oid, { ...now, table });
  }

  /** A table that was created later may not mix its records with those of another: SOURCE_SETUP. */
  async #takeTopic(relation: NamedTable): Promise<void> {
    const { schemas, catalog } = this.#settings;
    const topic = schemas.naming.table(relation.schema, relation.table);
    const other = this.#topics.get(topic);
    if (other !== undefined && other.oid !== relation.oid && !isNamed(other, relation)) {
      const facts = await catalog.table(other.oid);
      if (facts !== undefined && isNamed(facts, other)) throw sameName([other, relation], sharing(topic));
    }
    this.#topics.set(topic, relation);
  }

  /** The table in a version that takes the tuple: the catalogue's NOT NULL may be newer than a row with a null there. */
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

/** Says which columns are in no record, since nothing else would. */
export function warnOfOmitted({ id, omitted }: Table, log: Log): void {
  if (omitted.length > 0)
    log.warn({ table: id, columns: omitted }, 'columns of types without a representation are left out');
}

/** Whether two descriptions make the same schemas. */
function sameSchemas(a: Described, b: Omit<Described, 'table'>): boolean {
  const text = ({ relation, facts, types }: Omit<Described, 'table'>) =>
    JSON.stringify([relation, facts?.columns, facts?.indexes, relation.columns.map(column => types.get(column.type))]);
  return a.nullable.size === 0 && text(a) === text(b);
}
