import type { Log, Schema } from '../../../src/api/index.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import { isDdlConflict } from '../../../src/databases/postgresql/sql-errors.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { Session } from '../protocol/session.ts';
import { literalOf } from '../values/literals.ts';
import type { Catalogue, Table } from './catalogue.ts';
import { columnTypes } from './column-types.ts';
import { quoteTable, storedName, type TableName } from './identifiers.ts';

/** A field of records that needs a column. */
export interface FieldColumn {
  readonly name: string;
  /** null if the records have no schema: no column can be created then. */
  readonly schema: Schema | null;
  readonly key: boolean;
}

/**
 * Creates tables and adds columns if that is configured. Otherwise rejects with SINK_SCHEMA, which names what is missing
 * and the key that would allow it.
 */
export class TableEvolution {
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

  /** Returns the table, with a column for each field. */
  async ensureTable(name: TableName, topic: string, fields: readonly FieldColumn[]): Promise<Table> {
    const table = (await this.#catalogue.table(name)) ?? (await this.#create(name, topic, fields));
    this.#checkKind(table);
    const missing = fields.filter(field => table.column(field.name) === undefined);
    return missing.length === 0 ? table : await this.#addColumns(table, name, topic, missing);
  }

  /** Returns the table for deletes; null if it does not exist but may be created. Rejects as `ensureTable` does. */
  async existingTable(name: TableName, topic: string): Promise<Table | null> {
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
    // Writing to a partitioned table is no different.
    if (tableTypes.some(type => type === table.kind || (type === 'TABLE' && table.kind === 'PARTITIONED TABLE')))
      return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `${table.sql} is a ${table.kind}, and table.types allows ${tableTypes.join(', ')}: write to a table, or add the type to table.types.`,
    );
  }

  async #create(name: TableName, topic: string, fields: readonly FieldColumn[]): Promise<Table> {
    if (!this.#settings.createTables) throw this.#missingTable(name, topic);
    const sql = quoteTable(name);
    const columns: string[] = [];
    for (const field of fields)
      columns.push(
        `${quoteIdentifier(this.#columnName(field))} ${await this.#typeOf(field, sql)}${constraints(field)}`,
      );
    const keys = fields.filter(field => field.key).map(field => quoteIdentifier(this.#columnName(field)));
    if (keys.length > 0) columns.push(`PRIMARY KEY (${keys.join(', ')})`);
    await this.#executeDdl(`CREATE TABLE IF NOT EXISTS ${sql} (${columns.join(', ')})`, `creating the table ${sql}`);
    const created = await this.#catalogue.table(name);
    if (created === null) throw this.#missingTable(name, topic);
    return created;
  }

  async #addColumns(table: Table, name: TableName, topic: string, missing: readonly FieldColumn[]): Promise<Table> {
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
        `View ${table.sql} is missing fields (${listed}) and ALTER VIEW is unsupported: create the view again with these fields.`,
      );
    }
    const additions: string[] = [];
    for (const field of missing) {
      const type = await this.#typeOf(field, table.sql);
      if (field.schema?.optional === false && defaultLiteral(field.schema) === null) {
        throw new MillraceError(
          'SINK_SCHEMA',
          `Cannot ALTER TABLE ${table.sql} to add missing field ${field.name}, as the field is not optional and does ` +
            'not have a default value: add the column manually, with a value for existing rows.',
        );
      }
      additions.push(
        `ADD COLUMN IF NOT EXISTS ${quoteIdentifier(this.#columnName(field))} ${type}${constraints(field)}`,
      );
    }
    await this.#executeDdl(`ALTER TABLE ${table.sql} ${additions.join(', ')}`, `adding columns to ${table.sql}`);
    const extended = await this.#catalogue.table(name);
    const stillMissing = missing.find(field => extended?.column(field.name) === undefined);
    if (extended === null || stillMissing !== undefined)
      throw new MillraceError('SINK_SCHEMA', `Table ${table.sql} still lacks ${stillMissing?.name} after ALTER TABLE.`);
    return extended;
  }

  #columnName(field: FieldColumn): string {
    return storedName(field.name, this.#settings.quoteIdentifiers);
  }

  /** The first of the candidate types that the database has. */
  async #typeOf({ name, schema }: FieldColumn, table: string): Promise<string> {
    if (schema === null) {
      throw new MillraceError(
        'SINK_SCHEMA',
        `The column ${name} of ${table} cannot be created, as the records have no schema: create it manually, or send records with schemas.`,
      );
    }
    const candidates = columnTypes(schema, this.#settings.postgisSchema);
    if (candidates.length === 1) return candidates[0] as string;
    const rows = await this.#session.query<{ type: string }>(
      `choosing a type for ${name}`,
      'SELECT c.type FROM unnest($1::text[]) WITH ORDINALITY c(type, place) WHERE to_regtype(c.type) IS NOT NULL ORDER BY c.place LIMIT 1',
      [candidates],
    );
    return rows[0]?.type ?? (candidates.at(-1) as string);
  }

  async #executeDdl(sql: string, operation: string): Promise<void> {
    this.#catalogue.clear();
    this.#log.info({ sql }, `${operation} from the records' schema`);
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#session.query(operation, sql);
        return;
      } catch (error) {
        if (attempt >= 5 || !isDdlConflict(error)) throw error;
      }
    }
  }
}

/** Text of the default value; null without a default. */
function defaultLiteral(schema: Schema): string | null {
  const value = schema.default ?? null;
  return value === null ? null : literalOf(schema)(value);
}

function constraints({ schema, key }: FieldColumn): string {
  if (schema === null) return '';
  const value = defaultLiteral(schema);
  const defaultClause = value === null ? '' : ` DEFAULT ${quoteLiteral(value)}`;
  return `${key || !schema.optional ? ' NOT NULL' : ''}${defaultClause}`;
}
