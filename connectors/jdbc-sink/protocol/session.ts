import { createHash } from 'node:crypto';
import type pg from 'pg';
import { SilentServerError, type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { socketOf } from '../../../src/databases/postgresql/session.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { connect, watchedSession } from './connect.ts';
import { toMillraceError } from './failures.ts';
import { Messages, type Statement } from './messages.ts';
import { MAX_PREPARED, Pipeline, type Prepared, type Step, StepFailed } from './pipeline.ts';

const BUFFER = 64 * 1024;
/** A buffer that one batch of large values made larger than this is given back. */
const KEEP_BUFFER = 4 * 1024 * 1024;

/** One connection with its prepared statements and its buffer. Not for concurrent use. */
export class Session {
  readonly client: pg.Client;
  readonly #named: boolean;
  readonly #watched: WatchedSession;
  readonly #prepared: Prepared = { known: new Set(), doubtful: new Set() };
  #out = new Messages(BUFFER);

  private constructor(client: pg.Client, named: boolean, watched: WatchedSession) {
    this.client = client;
    this.#named = named;
    this.#watched = watched;
  }

  /** application: its name in pg_stat_activity. Rejects with SINK_UNAVAILABLE or SINK_SETUP. */
  static async open(settings: Settings, application: string, signal: AbortSignal): Promise<Session> {
    const client = await connect(settings, application, signal);
    return new Session(client, settings.destination.useNamedStatements, watchedSession(client, settings, application));
  }

  statement(sql: string, parameters: readonly number[] = []): Statement {
    if (!this.#named) return { name: '', sql, parameters };
    const hash = createHash('sha256').update(parameters.join()).update(sql).digest('base64url');
    return { name: `millrace_${hash.slice(0, 22)}`, sql, parameters };
  }

  /**
   * Runs the steps in one round trip. Rejects with StepFailed for what the database or the link did, and with what a
   * step's own `bind` threw as it is; a transaction that was open then is still open. With SilentServerError where no
   * answer comes: the session has ended.
   */
  async run(steps: Iterable<Step>): Promise<void> {
    const pipeline = new Pipeline(steps, this.#out, this.#prepared);
    this.client.query(pipeline);
    try {
      await this.#answer('writing a batch', pipeline.done);
    } catch (error) {
      throw error instanceof StepFailed && error.cause instanceof MillraceError ? error.cause : error;
    } finally {
      if (this.#out.buffer.length > KEEP_BUFFER) this.#out = new Messages(BUFFER);
    }
  }

  /**
   * One statement by itself, for what is not a batch. `doing` names it for the error: "reading the catalogue". Rejects
   * with a MillraceError, whose cause is the database's or the link's.
   */
  async query<R extends pg.QueryResultRow>(doing: string, sql: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.#answer(doing, this.client.query<R>(sql, values))).rows;
    } catch (error) {
      throw toMillraceError(error, doing);
    }
  }

  async #answer<T>(doing: string, answer: Promise<T>): Promise<T> {
    try {
      return await watchAnswer(this.#watched, doing, answer);
    } catch (error) {
      if (error instanceof SilentServerError) socketOf(this.client).destroy(error);
      throw error;
    }
  }

  /** Between transactions: forgets the prepared statements when there is no room for more. */
  async tidy(): Promise<void> {
    if (this.#prepared.known.size < MAX_PREPARED) return;
    await this.query('forgetting prepared statements', 'DEALLOCATE ALL');
    this.#prepared.known.clear();
    this.#prepared.doubtful.clear();
  }

  /** Ends the connection; at once where a query still waits. */
  async close(): Promise<void> {
    const { client } = this;
    const { stream } = client.connection;
    if (stream.destroyed) return;
    const waiting = setTimeout(() => stream.destroy(), 2_000);
    try {
      await client.end();
    } finally {
      clearTimeout(waiting);
    }
  }
}
