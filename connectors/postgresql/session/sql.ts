import type pg from 'pg';
import { watchAnswer } from '../../../src/databases/answer-watch.ts';
import { endSession, socketOf } from '../../../src/databases/postgresql/session.ts';
import { type ConnectionSettings, type ConnectOptions, connect } from './connection.ts';
import { toMillraceError } from './failures.ts';
import { watchedSession } from './watched-session.ts';

/** Small queries over one session, opened when it is first needed and again when it has broken. */
export class Sql {
  readonly #settings: ConnectionSettings;
  readonly #options: ConnectOptions;
  #client: Promise<pg.Client> | undefined;
  /** Once it is there. */
  #session: pg.Client | undefined;

  constructor(settings: ConnectionSettings, options: ConnectOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Rows of a query. Rejects with a MillraceError; doing says what for. */
  query<Row extends pg.QueryResultRow>(doing: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.#run(doing, async client => (await client.query<Row>(sql, values)).rows);
  }

  /** Rows as the text that the server sends; null for null. */
  texts(doing: string, sql: string): Promise<(string | null)[][]> {
    const types = { getTypeParser: () => (text: string) => text };
    return this.#run(doing, async client => {
      const { rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types });
      return rows;
    });
  }

  async #run<T>(doing: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.#open();
    try {
      const session = watchedSession(this.#settings, client, this.#options.applicationName);
      return await watchAnswer(session, doing, ask(client));
    } catch (error) {
      if ((error as { severity?: string }).severity === undefined) this.#forget(client);
      throw toMillraceError(error, doing);
    }
  }

  /** The one row that a query is sure to have. */
  async one<Row extends pg.QueryResultRow>(doing: string, sql: string, values: unknown[] = []): Promise<Row> {
    const [row] = await this.query<Row>(doing, sql, values);
    if (row === undefined) throw toMillraceError(new Error('no row came back'), doing);
    return row;
  }

  #open(): Promise<pg.Client> {
    this.#client ??= connect(this.#settings, this.#options).then(
      client => {
        client.on('error', () => this.#forget(client));
        this.#session = client;
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
    if (this.#session === client) {
      this.#client = undefined;
      this.#session = undefined;
    }
    socketOf(client).destroy();
  }

  /** A session that is being opened is ended when it is there. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#client?.then(client => endSession(client)).catch(() => {});
    this.#client = undefined;
    this.#session = undefined;
    if (session !== undefined) await endSession(session);
  }
}
