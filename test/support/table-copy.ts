import { createDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import type { PostgresServer } from './servers.ts';
import { debeziumSource } from './table-connectors.ts';
import { uniqueName } from './topic.ts';
import { TestWorker } from './worker.ts';

/** Additional properties for the source, the sink or both. */
export interface CopySettings {
  readonly source?: Readonly<Record<string, string>>;
  readonly sink?: Readonly<Record<string, string>>;
  /** Converters of both connectors. */
  readonly converters?: Readonly<Record<string, string>>;
}

const jsonWithSchemas = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

/**
 * Copies tables of one database to tables of the same definition in other databases, through a PostgreSQL source, Kafka
 * and a JDBC sink on a worker of its own.
 */
export class TableCopies implements AsyncDisposable {
  readonly source: TestDatabase;
  readonly worker: TestWorker;
  readonly #databases: TestDatabase[];

  private constructor(source: TestDatabase, worker: TestWorker) {
    this.source = source;
    this.worker = worker;
    this.#databases = [source];
  }

  /** server: of the source; default: the shared test server. */
  static async start(name: string, server?: PostgresServer): Promise<TableCopies> {
    const source = await createDatabase(name, server);
    return new TableCopies(source, await TestWorker.start(name));
  }

  /** Starts copying `tables` of schema public to a new database, after running `definition` in it. */
  async copyTo(definition: string, tables: readonly string[], settings: CopySettings = {}): Promise<TableCopy> {
    const destination = await createDatabase('copy');
    this.#databases.push(destination);
    await destination.query(definition);
    const name = uniqueName('copy');
    const { host, port, user, password } = destination.connection;
    const converters = settings.converters ?? jsonWithSchemas;
    await this.worker.create(`${name}-source`, {
      ...debeziumSource(this.source, name),
      'table.include.list': tables.map(table => `public.${table}`).join(),
      ...converters,
      ...settings.source,
    });
    await this.worker.create(`${name}-sink`, {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': `jdbc:postgresql://${host}:${port}/${destination.name}`,
      'connection.user': user,
      'connection.password': password || 'unused',
      topics: tables.map(table => `${name}.public.${table}`).join(),
      transforms: 'table',
      'transforms.table.type': 'org.apache.kafka.connect.transforms.RegexRouter',
      'transforms.table.regex': '.*\\.public\\.(.*)',
      'transforms.table.replacement': '$1',
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'delete.enabled': 'true',
      ...converters,
      ...settings.sink,
    });
    return new TableCopy(destination, name, this.worker);
  }

  /** Rows of a source table, as text per column. */
  rows(table: string): Promise<Record<string, string | null>[]> {
    return rowTexts(this.source, table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
    for (const database of this.#databases) await database.drop();
  }
}

/** Rows ordered by id, as text per column. */
export async function rowTexts(database: TestDatabase, table: string): Promise<Record<string, string | null>[]> {
  const columns = await database.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  const texts = columns.map(({ name }) => `"${name}"::text`).join(', ');
  return database.query(`SELECT ${texts} FROM ${table} ORDER BY id`);
}

/** A destination database and the connectors that copy to it. */
export class TableCopy {
  readonly database: TestDatabase;
  readonly name: string;
  readonly #worker: TestWorker;

  constructor(database: TestDatabase, name: string, worker: TestWorker) {
    this.database = database;
    this.name = name;
    this.#worker = worker;
  }

  /** Resolves when the row with this id has this value of v. Rejects with the trace of a failed task. */
  async awaitValue(table: string, id: number | string, v: number): Promise<void> {
    const failed = await eventually(`row ${id} of ${table} has v = ${v}`, async () => {
      const rows = await this.database.query<{ v: number }>(`SELECT v FROM ${table} WHERE id = $1`, [id]);
      if (rows[0]?.v === v) return 'shown';
      const tasks = await Promise.all(['source', 'sink'].map(end => this.#worker.task(`${this.name}-${end}`)));
      return tasks.find(task => task?.state === 'FAILED') ?? Promise.reject(new Error(JSON.stringify({ rows, tasks })));
    });
    if (failed !== 'shown') throw new Error(`a task failed: ${JSON.stringify(failed)}`);
  }

  /** Rows of a table, as text per column. */
  rows(table: string): Promise<Record<string, string | null>[]> {
    return rowTexts(this.database, table);
  }

  /** Deletes the connectors. The database remains. */
  async delete(): Promise<void> {
    for (const end of ['source', 'sink']) await this.#worker.call('DELETE', `/connectors/${this.name}-${end}`);
  }
}
