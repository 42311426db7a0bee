import type { Connection, FieldPacket, QueryError } from 'mysql2';
import { SilentServerError, type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { noRowsError, toMillraceError } from '../database/failures.ts';
import type { Column, Cursor } from '../database/session.ts';
import type { Cells } from '../values/row.ts';
import { type ColumnFormat, describeColumns } from './columns.ts';

/** Events of mysql2's Query, which its types lack. */
interface RunningQuery {
  on(event: 'error', listener: (error: QueryError) => void): this;
  on(event: 'fields', listener: (fields: FieldPacket[] | undefined) => void): this;
  on(event: 'result', listener: (row: Cells, result: number) => void): this;
  on(event: 'end', listener: () => void): this;
}

interface CursorOptions {
  readonly operation: string;
  readonly sql: string;
  /** See SessionOptions: the server's messages may quote a secret query. */
  readonly isMasked: boolean;
  readonly format: ColumnFormat;
  /** Closes the session. */
  closeSession(): void;
  warn(message: string): void;
}

/**
 * Rows of one query as unparsed bytes. Buffers only as many rows as requested: the connection is paused then, and the
 * server waits.
 */
export class MysqlCursor implements Cursor {
  readonly #fields: Promise<readonly FieldPacket[]>;
  readonly #connection: Connection;
  readonly #operation: string;
  readonly #isMasked: boolean;
  readonly #format: ColumnFormat;
  readonly #watched: WatchedSession;
  #requested = 1000;
  readonly #closeSession: () => void;
  #rows: Cells[] = [];
  #ended = false;
  #isWarned = false;
  #paused = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #rejectFields: (error: unknown) => void = () => {};

  constructor(
    connection: Connection,
    watched: WatchedSession,
    { operation, sql, isMasked, format, closeSession, warn }: CursorOptions,
  ) {
    this.#connection = connection;
    this.#watched = watched;
    this.#operation = operation;
    this.#isMasked = isMasked;
    this.#format = format;
    this.#closeSession = closeSession;
    const query = connection.query({ sql, rowsAsArray: true, typeCast: false }) as unknown as RunningQuery;
    this.#fields = new Promise((resolve, reject) => {
      this.#rejectFields = reject;
      query.on('fields', fields => resolve(fields ?? []));
      query.on('error', error => this.fail(error));
    });
    this.#fields.catch(() => {});
    query.on('result', (row, result) => {
      if (!Array.isArray(row)) return;
      if (result > 0) {
        if (!this.#isWarned) warn(`${operation}: only the first of several results (from a procedure) is read`);
        this.#isWarned = true;
        return;
      }
      this.#rows.push(row);
      if (this.#rows.length < this.#requested) return;
      if (!this.#paused) connection.pause();
      this.#paused = true;
      this.#wake?.();
    });
    query.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  get ended(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Called for errors of the query, and for those that it does not receive, such as a closed connection. */
  fail(error: unknown): void {
    if (!this.#ended) this.#failure ??= error;
    this.#rejectFields(error);
    this.#wake?.();
  }

  async columns(): Promise<readonly Column[]> {
    const fields = await watchAnswer(this.#watched, this.#operation, this.#fields).catch((error: unknown) => {
      this.fail(error);
      if (error instanceof SilentServerError) this.#closeSession();
      throw toMillraceError(error, this.#operation, this.#isMasked);
    });
    if (fields.length === 0) throw noRowsError(this.#operation);
    return describeColumns(fields, this.#format);
  }

  async next(count: number): Promise<readonly Cells[]> {
    this.#requested = count;
    if (this.#rows.length < this.#requested && !this.ended) {
      if (this.#paused) {
        this.#paused = false;
        this.#connection.resume();
      }
      if (this.#rows.length < this.#requested && !this.ended) await this.#waitForRows();
    }
    if (this.#failure !== undefined) throw toMillraceError(this.#failure, this.#operation, this.#isMasked);
    const rows = this.#rows.length > this.#requested ? this.#rows.splice(0, this.#requested) : this.#rows;
    if (rows === this.#rows) this.#rows = [];
    return rows;
  }

  /** Resolves when enough or all rows have arrived, or after a failure, which is stored in #failure and closes the session. */
  async #waitForRows(): Promise<void> {
    const more = new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    try {
      await watchAnswer(this.#watched, this.#operation, more);
    } catch (error) {
      this.fail(error);
      this.#closeSession();
    }
    this.#wake = undefined;
  }

  /** Closes the session if rows are left: MySQL has no other way to stop a query. */
  async close(): Promise<void> {
    if (!this.ended) this.#closeSession();
  }
}
