import { createHash } from 'node:crypto';
import type pg from 'pg';
import { MillraceError } from '../../../src/errors.ts';
import { Messages, type Statement } from './messages.ts';
import { MAX_PREPARED, Pipeline, type Prepared, type Step, StepFailed } from './pipeline.ts';
import { sinkError } from './sql-errors.ts';

const BUFFER = 64 * 1024;
/** A buffer that one batch of large values made larger than this is given back. */
const KEEP_BUFFER = 4 * 1024 * 1024;

/** One connection with its prepared statements and its buffer. Not for concurrent use. */
export class Session {
  readonly client: pg.Client;
  readonly #named: boolean;
  readonly #prepared: Prepared = { known: new Set(), doubtful: new Set() };
  #out = new Messages(BUFFER);

  /** named: whether statements may be kept on the connection by name. */
  constructor(client: pg.Client, named: boolean) {
    this.client = client;
    this.#named = named;
  }

  statement(sql: string, parameters: readonly number[] = []): Statement {
    if (!this.#named) return { name: '', sql, parameters };
    const hash = createHash('sha256').update(parameters.join()).update(sql).digest('base64url');
    return { name: `millrace_${hash.slice(0, 22)}`, sql, parameters };
  }

  /**
   * Runs the steps in one round trip. Rejects with StepFailed for what the database or the link did, and with what a
   * step's own `bind` threw as it is; a transaction that was open then is still open.
   */
  async run(steps: Iterable<Step>): Promise<void> {
    const pipeline = new Pipeline(steps, this.#out, this.#prepared);
    this.client.query(pipeline);
    try {
      await pipeline.done;
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
      return (await this.client.query<R>(sql, values)).rows;
    } catch (error) {
      throw sinkError(error, doing);
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
