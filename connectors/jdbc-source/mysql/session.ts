import { type Connection, createConnection } from 'mysql2';
import { type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { serverName } from '../../../src/databases/jdbc-url.ts';
import { KEEPALIVE_MS, openInTime, transferredBytes } from '../../../src/databases/link.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/mysql/quote.ts';
import { tlsAttempts } from '../../../src/databases/tls.ts';
import { tlsWarning } from '../../../src/databases/tls-warning.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { SourceAddress } from '../config/address.ts';
import { readPem } from '../config/pem-files.ts';
import { isServerError, noRowsError, toMillraceError } from '../database/failures.ts';
import type { Column, Cursor, Relation, Session, TableScope, TimeKind, Watermark } from '../database/session.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells } from '../values/row.ts';
import type { TimestampFormat } from '../values/timestamps.ts';
import { MysqlCursor } from './cursor.ts';
import { countColumns, INQUIRY_NAME, inquireThread, queryRows, socketOf } from './thread.ts';
import { hasWriterSince } from './transactions.ts';

export interface SessionOptions {
  readonly connector: string;
  readonly quoted: boolean;
  readonly timestamps: TimestampFormat;
  readonly zeroDatesAreNull: boolean;
  /** Isolation level of transactions, in SQL; undefined for the database's default. */
  readonly isolation: string | undefined;
  /** The query is secret (query.masked): server messages, which may quote it, are omitted from errors and logs. */
  readonly isMasked: boolean;
  /** Logs a warning once. */
  warn(message: string): void;
}

/** Time between the assignment of an auto-increment value and the entry of its transaction. */
const ASSIGNMENT_MS = 100;

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
    progress: () => transferredBytes(socketOf(connection)),
    probe: (inquiry, deadline) =>
      inquireThread(
        async cut => (await login(address, INQUIRY_NAME, cut)).connection,
        connection.threadId,
        inquiry,
        deadline,
      ),
  };
  return new MysqlSession(
    connection,
    address.database,
    options,
    watched,
    unverifiedWarning(address, connection, isEncrypted),
  );
}

function unverifiedWarning(address: SourceAddress, connection: Connection, isEncrypted: boolean): string | undefined {
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
  const operation = `connecting to ${serverName(address)}`;
  const attempts = await tlsAttempts(address, readPem);
  for (const [i, ssl] of attempts.entries()) {
    const connection = createConnection({
      host: address.host,
      port: address.port,
      // openInTime enforces the limits.
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
    // Errors outside a query are handled by the next query.
    connection.on('error', () => {});
    const open = async () => {
      await new Promise<void>((resolve, reject) =>
        connection.connect(error => (error === null ? resolve() : reject(error))),
      );
      await queryRows(connection, "SET time_zone = '+00:00'");
      if (isolation !== undefined) await queryRows(connection, `SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`);
    };
    try {
      await openInTime(address, signal, () => socketOf(connection), open);
      return { connection, isEncrypted: ssl !== undefined };
    } catch (error) {
      connection.destroy();
      if (i + 1 === attempts.length || (error as { code?: string }).code !== 'HANDSHAKE_NO_SSL_SUPPORT')
        throw toMillraceError(error, operation);
    }
  }
  throw new MillraceError('INTERNAL', `${operation}: no connection attempt was made`);
}

const text = (cell: Cells[number] | undefined): string | null =>
  cell === null || cell === undefined ? null : cell.toString();

class MysqlSession implements Session {
  readonly #connection: Connection;
  readonly #database: string;
  readonly #options: SessionOptions;
  readonly #watched: WatchedSession;
  #cursor: MysqlCursor | undefined;
  #transactionsHidden = false;
  readonly tlsWarning: string | undefined;
  isClosed = false;

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
    // The running query receives the error of a broken connection; otherwise the next one does.
    connection.on('error', error => this.#onClosed(error));
    connection.on('end', () => this.#onClosed(new Error('the server closed the connection')));
  }

  #onClosed(error: unknown): void {
    this.isClosed = true;
    this.#cursor?.fail(error);
  }

  quote(name: string): string {
    return this.#options.quoted ? quoteIdentifier(name) : name;
  }

  literal(value: string, _timeKind: TimeKind): string {
    return quoteLiteral(value);
  }

  hash(row: string, columns: readonly Column[]): string {
    const cells = columns.map(({ name }) => `COALESCE(HEX(CAST(${row}.${this.quote(name)} AS BINARY)), '-')`);
    return `MD5(CONCAT_WS(',', ${cells.join(', ')}))`;
  }

  #start(operation: string, sql: string): MysqlCursor {
    const cursor = new MysqlCursor(this.#connection, this.#watched, {
      operation,
      sql,
      isMasked: this.#options.isMasked,
      format: { ...this.#options.timestamps, zeroDatesAreNull: this.#options.zeroDatesAreNull },
      closeSession: () => this.destroy(),
      warn: message => this.#options.warn(message),
    });
    this.#cursor = cursor;
    return cursor;
  }

  async query(operation: string, sql: string): Promise<readonly Cells[]> {
    const cursor = this.#start(operation, sql);
    const rows: Cells[] = [];
    try {
      for (let next = await cursor.next(1000); next.length > 0; next = await cursor.next(1000)) rows.push(...next);
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
      'listing tables',
      `SELECT table_schema, table_name FROM information_schema.tables
       WHERE table_type IN (${kinds.join()}) AND ${scope} ORDER BY 1, 2`,
    );
    return rows.map(([catalog, name]) => ({ catalog: text(catalog) ?? '', schema: null, name: text(name) ?? '' }));
  }

  async columns(_relation: Relation, source: string): Promise<readonly Column[]> {
    const operation = 'reading columns';
    const cursor = this.#start(operation, `SELECT * FROM ${source} millrace_row LIMIT 0`);
    await cursor.next(1);
    return cursor.columns();
  }

  async open(operation: string, sql: string, { mayWrite }: { readonly mayWrite: boolean }): Promise<Cursor> {
    if (mayWrite) await this.#requireRows(operation, sql);
    return this.#start(operation, sql);
  }

  /** Rejects with SOURCE_SETUP for a statement that returns no rows, without running it. */
  async #requireRows(operation: string, sql: string): Promise<void> {
    const columns = await watchAnswer(this.#watched, operation, countColumns(this.#connection, sql)).catch(
      (error: unknown) => {
        if (!isServerError(error)) this.destroy();
        throw toMillraceError(error, operation, this.#options.isMasked);
      },
    );
    if (columns === 0 && !returnsUnknownColumns.test(sql)) throw noRowsError(operation);
  }

  async takeWatermark(maximum: string | null): Promise<{ watermark: Watermark; maximum: string | null }> {
    const [row = []] = await this.query(
      'reading the watermark',
      `SELECT ${maximum === null ? 'NULL' : `(${maximum})`}, FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000)`,
    );
    const watermark = { id: '', serverMs: Number(text(row[1])), takenAt: performance.now() };
    return { watermark, maximum: text(row[0]) };
  }

  /** Checks for writing transactions that began before the watermark or the upper bound. Requires the PROCESS privilege. */
  async isSettled(watermark: Watermark, timesUntil: number | null): Promise<boolean> {
    const age = performance.now() - watermark.takenAt;
    if (age < ASSIGNMENT_MS) return false;
    if (this.#transactionsHidden) return true;
    const before = timesUntil === null ? 0 : watermark.serverMs - timesUntil;
    try {
      const [row] = await this.query('reading open transactions', 'SHOW ENGINE INNODB STATUS');
      return !hasWriterSince(text(row?.[2]) ?? '', (age + before) / 1000);
    } catch (error) {
      const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
      if (code !== 'ER_SPECIFIC_ACCESS_DENIED_ERROR') throw error;
      this.#transactionsHidden = true;
      this.#options.warn(
        "open transactions are not visible: rows that commit late are missed. Grant PROCESS to the connector's user, or set timestamp.delay.interval.ms",
      );
      return true;
    }
  }

  destroy(): void {
    // mysql2 closes the socket only after the server has.
    socketOf(this.#connection).destroy();
    this.#onClosed(new Error('the connection was closed'));
  }

  async close(): Promise<void> {
    if (this.#cursor?.ended === false) return this.destroy();
    const ended = new Promise<void>(resolve => this.#connection.end(() => resolve()));
    const timer = setTimeout(() => this.destroy(), 500);
    await Promise.race([ended, new Promise<void>(resolve => setTimeout(resolve, 600).unref())]);
    clearTimeout(timer);
  }
}

/** Statements whose result columns are known only when they run. */
const returnsUnknownColumns = /\b(?:call|execute|returning)\b/i;

/** Table types in information_schema, by their names in JDBC. */
const tableKinds: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['BASE TABLE', 'SYSTEM VERSIONED'],
  VIEW: ['VIEW'],
};
