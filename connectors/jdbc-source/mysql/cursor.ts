import type { Connection, FieldPacket, QueryError } from 'mysql2';
import { SilentServerError, type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { noRowsError, toMillraceError } from '../database/failures.ts';
import type { Column, Cursor } from '../database/session.ts';
import type { Cells } from '../values/row.ts';
import { type ColumnFormat, describeColumns } from './columns.ts';

/** The events of mysql2's Query, which its types leave out. */
interface RunningQuery {
  on(event: 'error', listener: (error: QueryError) => void): this;
  on(event: 'fields', listener: (fields: FieldPacket[] | undefined) => void): this;
  on(event: 'result', listener: (row: Cells, result: number) => void): this;
  on(event: 'end', listener: () => void): this;
}

interface CursorOptions {
  readonly doing: string;
  readonly sql: string;
  /** See SessionOptions: the server's messages may quote a secret query. */
  readonly isMasked: boolean;
  readonly format: ColumnFormat;
  /** Ends the session. */
  abandon(): void;
  warn(message: string): void;
}

/**
 * Rows of one query as they come, bytes and nothing parsed. No more than a few are held: behind those the link is
 * paused, and the server waits.
 */
export class MysqlCursor implements Cursor {
  readonly #fields: Promise<readonly FieldPacket[]>;
  readonly #connection: Connection;
  readonly #doing: string;
  readonly #isMasked: boolean;
  readonly #format: ColumnFormat;
  readonly #watched: WatchedSession;
  #wanted = 1000;
  readonly #abandon: () => void;
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
    { doing, sql, isMasked, format, abandon, warn }: CursorOptions,
  ) {
    this.#connection = connection;
    this.#watched = watched;
    this.#doing = doing;
    this.#isMasked = isMasked;
    this.#format = format;
    this.#abandon = abandon;
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
        if (!this.#isWarned) warn(`${doing}: of several results, as procedures have them, only the first is read`);
        this.#isWarned = true;
        return;
      }
      this.#rows.push(row);
      if (this.#rows.length < this.#wanted) return;
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

  /** Also for what the query itself does not hear of, such as a link that was hung up. */
  fail(error: unknown): void {
    if (!this.#ended) this.#failure ??= error;
    this.#rejectFields(error);
    this.#wake?.();
  }

  async columns(): Promise<readonly Column[]> {
    const fields = await watchAnswer(this.#watched, this.#doing, this.#fields).catch((error: unknown) => {
      this.fail(error);
      if (error instanceof SilentServerError) this.#abandon();
      throw toMillraceError(error, this.#doing, this.#isMasked);
    });
    if (fields.length === 0) throw noRowsError(this.#doing);
    return describeColumns(fields, this.#format);
  }

  async next(wanted: number): Promise<readonly Cells[]> {
    this.#wanted = wanted;
    if (this.#rows.length < this.#wanted && !this.ended) {
      if (this.#paused) {
        this.#paused = false;
        this.#connection.resume();
      }
      if (this.#rows.length < this.#wanted && !this.ended) await this.#more();
    }
    if (this.#failure !== undefined) throw toMillraceError(this.#failure, this.#doing, this.#isMasked);
    const rows = this.#rows.length > this.#wanted ? this.#rows.splice(0, this.#wanted) : this.#rows;
    if (rows === this.#rows) this.#rows = [];
    return rows;
  }

  /** Resolves when there are as many rows as are wanted, or all. Rejects with SilentServerError, and ends the session. */
  async #more(): Promise<void> {
    const more = new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    try {
      await watchAnswer(this.#watched, this.#doing, more);
    } catch (error) {
      this.fail(error);
      this.#abandon();
    }
    this.#wake = undefined;
  }

  /** Nothing stops a query of MySQL's but the end of its session. */
  async close(): Promise<void> {
    if (!this.ended) this.#abandon();
  }
}
