import type pg from 'pg';
import { type ConnectionSettings, type ConnectOptions, connect } from './connection.ts';
import { toFailure } from './failures.ts';

/** Small queries over one session, opened when it is first needed and again when it has broken. */
export class Sql {
  readonly #settings: ConnectionSettings;
  readonly #options: ConnectOptions;
  #client: Promise<pg.Client> | undefined;

  constructor(settings: ConnectionSettings, options: ConnectOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Rows of a query. Rejects with a MillraceError; doing says what for. */
  async query<Row extends pg.QueryResultRow>(doing: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.#open();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } catch (error) {
      if ((error as { severity?: string }).severity === undefined) this.#forget(client);
      throw toFailure(error, doing);
    }
  }

  /** The one row that a query is sure to have. */
  async one<Row extends pg.QueryResultRow>(doing: string, sql: string, values: unknown[] = []): Promise<Row> {
    const [row] = await this.query<Row>(doing, sql, values);
    if (row === undefined) throw toFailure(new Error('no row came back'), doing);
    return row;
  }

  #open(): Promise<pg.Client> {
    this.#client ??= connect(this.#settings, this.#options).then(
      client => {
        client.on('error', () => this.#forget(client));
        return client;
      },
      error => {
        this.#client = undefined;
        throw error;
      },
    );
    return this.#client;
  }

  #forget(client: pg.Client): void {
    this.#client = undefined;
    client.end().catch(() => {});
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.end().catch(() => {});
  }
}
