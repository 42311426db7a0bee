import type { Log, Schema } from '../../../src/api/index.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import { isDdlConflict } from '../../../src/databases/postgresql/sql-errors.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { Session } from '../protocol/session.ts';
import { literalOf } from '../values/literals.ts';
import type { Catalogue, Table } from './catalogue.ts';
import { columnTypes } from './column-types.ts';
import { quoteTable, stored, type TableName } from './identifiers.ts';

/** A field of records as a column would have it. */
export interface FieldColumn {
  readonly name: string;
  /** null: the records have none, and no column can be made for it. */
  readonly schema: Schema | null;
  readonly key: boolean;
}

/**
 * Makes the destination fit the records where that is configured: creates the table, adds columns. Otherwise rejects
 * with SINK_SCHEMA, which names what is missing and the setting that would mend it.
 */
export class TableDefinition {
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #catalogue: Catalogue;
  readonly #log: Log;

  constructor(session: Session, settings: Settings, catalogue: Catalogue, log: Log) {
    this.#session = session;
    this.#settings = settings;
    this.#catalogue = catalogue;
    this.#log = log;
  }

  /** The table with a column for each field. */
  async fitting(name: TableName, topic: string, fields: readonly FieldColumn[]): Promise<Table> {
    const table = (await this.#catalogue.table(name)) ?? (await this.#create(name, topic, fields));
    this.#checkKind(table);
    const missing = fields.filter(field => table.column(field.name) === undefined);
    return missing.length === 0 ? table : await this.#extend(table, name, topic, missing);
  }

  /** The table as it is, for deletes. null: there is none yet, and one would be created. Rejects as `fitting`. */
  async existing(name: TableName, topic: string): Promise<Table | null> {
    const table = await this.#catalogue.table(name);
    if (table === null) {
      if (this.#settings.createTables) return null;
      throw this.#missingTable(name, topic);
    }
    this.#checkKind(table);
    return table;
  }

  #missingTable(name: TableName, topic: string): MillraceError {
    return new MillraceError(
      'SINK_SCHEMA',
      `Table ${quoteTable(name)} is missing and auto-creation is disabled: create it, set ${this.#settings.names.create}, ` +
        `or have ${this.#settings.names.tableFormat} name another table for the topic ${topic}.`,
    );
  }

  #checkKind(table: Table): void {
    const { tableTypes } = this.#settings;
    // PostgreSQL's partitioned tables are tables to everyone who writes to them.
    if (tableTypes.some(type => type === table.kind || (type === 'TABLE' && table.kind === 'PARTITIONED TABLE')))
      return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `${table.sql} is not of the types written to (${tableTypes.join(', ')}): write to a table, or add its type to table.types.`,
    );
  }

  async #create(name: TableName, topic: string, fields: readonly FieldColumn[]): Promise<Table> {
    if (!this.#settings.createTables) throw this.#missingTable(name, topic);
    const sql = quoteTable(name);
    const columns: string[] = [];
    for (const field of fields)
      columns.push(`${quoteIdentifier(this.#column(field))} ${await this.#typeOf(field, sql)}${constraints(field)}`);
    const keys = fields.filter(field => field.key).map(field => quoteIdentifier(this.#column(field)));
    if (keys.length > 0) columns.push(`PRIMARY KEY (${keys.join(', ')})`);
    await this.#change(`CREATE TABLE IF NOT EXISTS ${sql} (${columns.join(', ')})`, `creating the table ${sql}`);
    const created = await this.#catalogue.table(name);
    if (created === null) throw this.#missingTable(name, topic);
    return created;
  }

  async #extend(table: Table, name: TableName, topic: string, missing: readonly FieldColumn[]): Promise<Table> {
    const { names, addColumns } = this.#settings;
    const listed = missing.map(field => field.name).join(', ');
    if (!addColumns) {
      throw new MillraceError(
        'SINK_SCHEMA',
        `Table ${table.sql} is missing fields (${listed}) of the topic ${topic} and auto-evolution is disabled: ` +
          `add the columns, set ${names.evolve}, or leave the fields out with a ReplaceField transform.`,
      );
    }
    if (table.kind === 'VIEW') {
      throw new MillraceError(
        'SINK_SCHEMA',
        `View ${table.sql} is missing fields (${listed}) and ALTER VIEW is unsupported: define the view anew with them.`,
      );
    }
    const additions: string[] = [];
    for (const field of missing) {
      const type = await this.#typeOf(field, table.sql);
      if (field.schema?.optional === false && defaultOf(field.schema) === null) {
        throw new MillraceError(
          'SINK_SCHEMA',
          `Cannot ALTER TABLE ${table.sql} to add missing field ${field.name}, as the field is not optional and does ` +
            'not have a default value: add the column by hand, with a value for the rows that are there.',
        );
      }
      additions.push(`ADD COLUMN IF NOT EXISTS ${quoteIdentifier(this.#column(field))} ${type}${constraints(field)}`);
    }
    await this.#change(`ALTER TABLE ${table.sql} ${additions.join(', ')}`, `adding columns to ${table.sql}`);
    const extended = await this.#catalogue.table(name);
    const still = missing.find(field => extended?.column(field.name) === undefined);
    if (extended === null || still !== undefined)
      throw new MillraceError('SINK_SCHEMA', `Table ${table.sql} still lacks ${still?.name} after it was added.`);
    return extended;
  }

  #column(field: FieldColumn): string {
    return stored(field.name, this.#settings.quoted);
  }

  /** The first of the candidates that the database has. */
  async #typeOf({ name, schema }: FieldColumn, table: string): Promise<string> {
    if (schema === null) {
      throw new MillraceError(
        'SINK_SCHEMA',
        `The column ${name} of ${table} cannot be made, as the records have no schema: make it by hand, or send records with schemas.`,
      );
    }
    const candidates = columnTypes(schema, this.#settings.postgis);
    if (candidates.length === 1) return candidates[0] as string;
    const rows = await this.#session.query<{ type: string }>(
      `choosing a type for ${name}`,
      'SELECT c.type FROM unnest($1::text[]) WITH ORDINALITY c(type, place) WHERE to_regtype(c.type) IS NOT NULL ORDER BY c.place LIMIT 1',
      [candidates],
    );
    return rows[0]?.type ?? (candidates.at(-1) as string);
  }

  async #change(sql: string, doing: string): Promise<void> {
    this.#catalogue.forget();
    this.#log.info({ sql }, `${doing}, as the records' schema has it`);
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#session.query(doing, sql);
        return;
      } catch (error) {
        if (attempt >= 5 || !isDdlConflict(error)) throw error;
      }
    }
  }
}

/** Text of the default value, or null. */
function defaultOf(schema: Schema): string | null {
  const value = schema.default ?? null;
  return value === null ? null : literalOf(schema)(value);
}

function constraints({ schema, key }: FieldColumn): string {
  if (schema === null) return '';
  const value = defaultOf(schema);
  const otherwise = value === null ? '' : ` DEFAULT ${quoteLiteral(value)}`;
  return `${key || !schema.optional ? ' NOT NULL' : ''}${otherwise}`;
}
