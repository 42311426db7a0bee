import { type Connection, createConnection } from 'mysql2';
import { type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { serverName } from '../../../src/databases/jdbc-url.ts';
import { bytesMoved, KEEPALIVE_MS, openInTime } from '../../../src/databases/link.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/mysql/quote.ts';
import { tlsAttempts } from '../../../src/databases/tls.ts';
import { tlsWarning } from '../../../src/databases/tls-warning.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { SourceAddress } from '../config/address.ts';
import { readPem } from '../config/pem-files.ts';
import { isServerError, noRowsError, toMillraceError } from '../database/failures.ts';
import type { Clock, Column, Cursor, Mark, Relation, Session, TableScope } from '../database/session.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells } from '../values/row.ts';
import type { TimestampFormat } from '../values/timestamps.ts';
import { MysqlCursor } from './cursor.ts';
import { ask, describe, INQUIRY_NAME, inquireThread, socketOf } from './thread.ts';
import { writesSince } from './transactions.ts';

export interface SessionOptions {
  readonly connector: string;
  readonly quoted: boolean;
  readonly timestamps: TimestampFormat;
  readonly zeroDatesAreNull: boolean;
  /** Isolation level of transactions, in SQL; undefined for the database's default. */
  readonly isolation: string | undefined;
  /** The query is secret (query.masked): the server's messages, which may quote it, are left out of errors and logs. */
  readonly isMasked: boolean;
  /** Says once that transactions cannot be looked at. */
  warn(message: string): void;
}

/** A number is given out a moment before its row is there. */
const WINDOW_MS = 100;

/** Rejects with SOURCE_UNAVAILABLE or SOURCE_SETUP. */
export async function openMysql(
  address: SourceAddress,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<Session> {
  const { connection, isEncrypted } = await login(address, `millrace ${options.connector}`, signal, options.isolation);
  const watched: WatchedSession = {
    server: serverName(address),
    failure: 'SOURCE_UNAVAILABLE',
    limitMs: address.socketTimeoutMs,
    limitSetting: 'socketTimeout in connection.url',
    progress: () => bytesMoved(socketOf(connection)),
    inquire: (inquiry, deadline) =>
      inquireThread(
        async cut => (await login(address, INQUIRY_NAME, cut)).connection,
        connection.threadId,
        inquiry,
        deadline,
      ),
  };
  return new MysqlSession(connection, address.database, options, watched, warningOf(address, connection, isEncrypted));
}

function warningOf(address: SourceAddress, connection: Connection, isEncrypted: boolean): string | undefined {
  if (address.tls !== 'prefer') return undefined;
  return tlsWarning({
    server: serverName(address),
    address: socketOf(connection).remoteAddress,
    isEncrypted,
    setting: 'sslMode=PREFERRED',
    remedy: 'sslMode=VERIFY_IDENTITY in connection.url, and serverSslCert for an authority of your own',
  });
}

async function login(
  address: SourceAddress,
  programName: string,
  signal: AbortSignal,
  isolation?: string,
): Promise<{ readonly connection: Connection; readonly isEncrypted: boolean }> {
  const doing = `connecting to ${serverName(address)}`;
  const attempts = await tlsAttempts(address, readPem);
  for (const [i, ssl] of attempts.entries()) {
    const connection = createConnection({
      host: address.host,
      port: address.port,
      // openInTime has the limits.
      connectTimeout: 0,
      charset: 'utf8mb4',
      enableKeepAlive: address.tcpKeepAlive,
      keepAliveInitialDelay: KEEPALIVE_MS,
      connectAttributes: { program_name: programName },
      ...(address.database === '' ? {} : { database: address.database }),
      ...(address.user === undefined ? {} : { user: address.user }),
      ...(address.password === undefined ? {} : { password: address.password }),
      ...(ssl === undefined ? {} : { ssl: { ...ssl, verifyIdentity: address.tls === 'verify-full' } as object }),
    });
    // An error that no query is there to take.
    connection.on('error', () => {});
    const open = async () => {
      await new Promise<void>((resolve, reject) =>
        connection.connect(error => (error === null ? resolve() : reject(error))),
      );
      await ask(connection, "SET time_zone = '+00:00'");
      if (isolation !== undefined) await ask(connection, `SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`);
    };
    try {
      await openInTime(address, signal, () => socketOf(connection), open);
      return { connection, isEncrypted: ssl !== undefined };
    } catch (error) {
      connection.destroy();
      if (i + 1 === attempts.length || (error as { code?: string }).code !== 'HANDSHAKE_NO_SSL_SUPPORT')
        throw toMillraceError(error, doing);
    }
  }
  throw new MillraceError('INTERNAL', `${doing}: no way of connecting was tried`);
}

const text = (cell: Cells[number] | undefined): string | null =>
  cell === null || cell === undefined ? null : cell.toString();

class MysqlSession implements Session {
  readonly #connection: Connection;
  readonly #database: string;
  readonly #options: SessionOptions;
  readonly #watched: WatchedSession;
  #running: MysqlCursor | undefined;
  #hidden = false;
  readonly tlsWarning: string | undefined;
  gone = false;

  constructor(
    connection: Connection,
    database: string,
    options: SessionOptions,
    watched: WatchedSession,
    warning: string | undefined,
  ) {
    this.tlsWarning = warning;
    this.#connection = connection;
    this.#database = database;
    this.#options = options;
    this.#watched = watched;
    // The running query hears of a link that breaks; when there is none, the next one will.
    connection.on('error', error => this.#lost(error));
    connection.on('end', () => this.#lost(new Error('the server closed the connection')));
  }

  #lost(error: unknown): void {
    this.gone = true;
    this.#running?.fail(error);
  }

  quote(name: string): string {
    return this.#options.quoted ? quoteIdentifier(name) : name;
  }

  literal(value: string, _clock: Clock): string {
    return quoteLiteral(value);
  }

  hash(row: string, columns: readonly Column[]): string {
    const cells = columns.map(({ name }) => `COALESCE(HEX(CAST(${row}.${this.quote(name)} AS BINARY)), '-')`);
    return `MD5(CONCAT_WS(',', ${cells.join(', ')}))`;
  }

  #start(doing: string, sql: string): MysqlCursor {
    const cursor = new MysqlCursor(this.#connection, this.#watched, {
      doing,
      sql,
      isMasked: this.#options.isMasked,
      format: { ...this.#options.timestamps, zeroDatesAreNull: this.#options.zeroDatesAreNull },
      abandon: () => this.destroy(),
      warn: message => this.#options.warn(message),
    });
    this.#running = cursor;
    return cursor;
  }

  async query(doing: string, sql: string): Promise<readonly Cells[]> {
    const cursor = this.#start(doing, sql);
    const rows: Cells[] = [];
    try {
      for (let some = await cursor.next(1000); some.length > 0; some = await cursor.next(1000)) rows.push(...some);
    } catch (error) {
      if (!isServerError((error as { cause?: unknown }).cause)) this.destroy();
      throw error;
    }
    return rows;
  }

  async tables({ catalogPattern, types }: TableScope): Promise<readonly TableId[]> {
    const kinds = types.flatMap(type => tableKinds[type.toUpperCase()] ?? []).map(kind => `'${kind}'`);
    if (kinds.length === 0) return [];
    const pattern = catalogPattern === null ? null : quoteLiteral(catalogPattern);
    const scope =
      pattern !== null
        ? `table_schema LIKE ${pattern}`
        : this.#database === ''
          ? "table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
          : 'table_schema = DATABASE()';
    const rows = await this.query(
      'looking for tables',
      `SELECT table_schema, table_name FROM information_schema.tables
       WHERE table_type IN (${kinds.join()}) AND ${scope} ORDER BY 1, 2`,
    );
    return rows.map(([catalog, name]) => ({ catalog: text(catalog) ?? '', schema: null, name: text(name) ?? '' }));
  }

  async columns(_relation: Relation, source: string): Promise<readonly Column[]> {
    const doing = 'looking at columns';
    const cursor = this.#start(doing, `SELECT * FROM ${source} millrace_row LIMIT 0`);
    await cursor.next(1);
    return cursor.columns();
  }

  async open(doing: string, sql: string, { mayWrite }: { readonly mayWrite: boolean }): Promise<Cursor> {
    if (mayWrite) await this.#requireRows(doing, sql);
    return this.#start(doing, sql);
  }

  /** Rejects with SOURCE_SETUP, before it runs, for a statement that returns no rows. */
  async #requireRows(doing: string, sql: string): Promise<void> {
    const columns = await watchAnswer(this.#watched, doing, describe(this.#connection, sql)).catch((error: unknown) => {
      if (!isServerError(error)) this.destroy();
      throw toMillraceError(error, doing, this.#options.isMasked);
    });
    if (columns === 0 && !showsRowsLater.test(sql)) throw noRowsError(doing);
  }

  async mark(maximum: string | null): Promise<{ mark: Mark; maximum: string | null }> {
    const [row = []] = await this.query(
      'looking for what is new',
      `SELECT ${maximum === null ? 'NULL' : `(${maximum})`}, FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000)`,
    );
    const mark = { id: '', serverMs: Number(text(row[1])), takenAt: performance.now() };
    return { mark, maximum: text(row[0]) };
  }

  /** Looks for transactions that write and began before the mark, or before times that count. Needs PROCESS. */
  async settled(mark: Mark, timesUntil: number | null): Promise<boolean> {
    const age = performance.now() - mark.takenAt;
    if (age < WINDOW_MS) return false;
    if (this.#hidden) return true;
    const before = timesUntil === null ? 0 : mark.serverMs - timesUntil;
    try {
      const [row] = await this.query('looking for open transactions', 'SHOW ENGINE INNODB STATUS');
      return !writesSince(text(row?.[2]) ?? '', (age + before) / 1000);
    } catch (error) {
      const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
      if (code !== 'ER_SPECIFIC_ACCESS_DENIED_ERROR') throw error;
      this.#hidden = true;
      this.#options.warn(
        "open transactions cannot be seen: rows that commit late are missed. Grant PROCESS to the connector's user, or set timestamp.delay.interval.ms",
      );
      return true;
    }
  }

  destroy(): void {
    // mysql2 hangs up only when the server does as well.
    socketOf(this.#connection).destroy();
    this.#lost(new Error('the connection was closed'));
  }

  async close(): Promise<void> {
    if (this.#running?.ended === false) return this.destroy();
    const ended = new Promise<void>(resolve => this.#connection.end(() => resolve()));
    const timer = setTimeout(() => this.destroy(), 500);
    await Promise.race([ended, new Promise<void>(resolve => setTimeout(resolve, 600).unref())]);
    clearTimeout(timer);
  }
}

/** Statements whose rows the server describes only when it runs them. */
const showsRowsLater = /\b(?:call|execute|returning)\b/i;

/** JDBC's names of table types, as information_schema has them. */
const tableKinds: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['BASE TABLE', 'SYSTEM VERSIONED'],
  VIEW: ['VIEW'],
};
