import { createHash } from 'node:crypto';
import type pg from 'pg';
import { SilentServerError, type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { socketOf } from '../../../src/databases/postgresql/session.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { connect, watchedSession } from './connect.ts';
import { toMillraceError } from './failures.ts';
import { Messages, type Statement } from './messages.ts';
import { MAX_PREPARED, Pipeline, type PreparedStatements, type Step, StepError } from './pipeline.ts';

const BUFFER_BYTES = 64 * 1024;
/** A buffer that grew beyond this is replaced after the batch. */
const MAX_RETAINED_BYTES = 4 * 1024 * 1024;

/** One connection with its prepared statements and its buffer. Not for concurrent use. */
export class Session {
  readonly client: pg.Client;
  readonly #useNamedStatements: boolean;
  readonly #watched: WatchedSession;
  readonly #prepared: PreparedStatements = { prepared: new Set(), uncertain: new Set() };
  #out = new Messages(BUFFER_BYTES);

  private constructor(client: pg.Client, named: boolean, watched: WatchedSession) {
    this.client = client;
    this.#useNamedStatements = named;
    this.#watched = watched;
  }

  /** application: its name in pg_stat_activity. Rejects with SINK_UNAVAILABLE or SINK_SETUP. */
  static async open(settings: Settings, application: string, signal: AbortSignal): Promise<Session> {
    const client = await connect(settings, application, signal);
    return new Session(client, settings.destination.useNamedStatements, watchedSession(client, settings, application));
  }

  statement(sql: string, parameters: readonly number[] = []): Statement {
    if (!this.#useNamedStatements) return { name: '', sql, parameters };
    const hash = createHash('sha256').update(parameters.join()).update(sql).digest('base64url');
    return { name: `millrace_${hash.slice(0, 22)}`, sql, parameters };
  }

  /**
   * Runs the steps in one round trip. Rejects with StepError for failures of the database or the connection, with the
   * MillraceError that a step's `bind` threw, and with SilentServerError if the server does not answer, which ends the
   * session. An open transaction stays open.
   */
  async run(steps: Iterable<Step>): Promise<void> {
    const pipeline = new Pipeline(steps, this.#out, this.#prepared);
    this.client.query(pipeline);
    try {
      await this.#awaitAnswer('writing a batch', pipeline.done);
    } catch (error) {
      throw error instanceof StepError && error.cause instanceof MillraceError ? error.cause : error;
    } finally {
      if (this.#out.buffer.length > MAX_RETAINED_BYTES) this.#out = new Messages(BUFFER_BYTES);
    }
  }

  /**
   * Runs a single statement outside a batch. operation: its description for the error, `reading the catalogue`. Rejects
   * with a MillraceError whose cause is the driver's error.
   */
  async query<R extends pg.QueryResultRow>(operation: string, sql: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.#awaitAnswer(operation, this.client.query<R>(sql, values))).rows;
    } catch (error) {
      throw toMillraceError(error, operation);
    }
  }

  async #awaitAnswer<T>(operation: string, answer: Promise<T>): Promise<T> {
    try {
      return await watchAnswer(this.#watched, operation, answer);
    } catch (error) {
      if (error instanceof SilentServerError) socketOf(this.client).destroy(error);
      throw error;
    }
  }

  /** Deallocates the prepared statements if their number has reached the limit. To be called between transactions. */
  async deallocateWhenFull(): Promise<void> {
    if (this.#prepared.prepared.size < MAX_PREPARED) return;
    await this.query('deallocating prepared statements', 'DEALLOCATE ALL');
    this.#prepared.prepared.clear();
    this.#prepared.uncertain.clear();
  }

  /** Ends the connection; closes the socket after 2 s if a query still runs. */
  async close(): Promise<void> {
    const { client } = this;
    const { stream } = client.connection;
    if (stream.destroyed) return;
    const timer = setTimeout(() => stream.destroy(), 2_000);
    try {
      await client.end();
    } finally {
      clearTimeout(timer);
    }
  }
}
