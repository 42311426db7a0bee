import type pg from 'pg';
import { type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { serverName } from '../../../src/databases/jdbc-url.ts';
import { bytesMoved } from '../../../src/databases/link.ts';
import { applicationName } from '../../../src/databases/postgresql/application-name.ts';
import { openClient } from '../../../src/databases/postgresql/connect.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import {
  backendOf,
  endSession,
  INQUIRY_NAME,
  inquireBackend,
  preferWarning,
  socketOf,
} from '../../../src/databases/postgresql/session.ts';
import type { SourceAddress } from '../config/address.ts';
import type { NumericMapping } from '../config/database-keys.ts';
import { readPem } from '../config/pem-files.ts';
import { isServerError, noRowsError, toMillraceError } from '../database/failures.ts';
import type { Clock, Column, Cursor, Mark, Relation, Session, TableScope } from '../database/session.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells } from '../values/row.ts';
import type { TimestampFormat } from '../values/timestamps.ts';
import { describeColumns } from './columns.ts';
import { PortalExchange } from './portal.ts';

/** Every value as the text that the server sends. */
const asText = { getTypeParser: () => (text: string) => text };
const FORMATS =
  '-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c bytea_output=hex -c extra_float_digits=1';

export interface SessionOptions {
  readonly connector: string;
  readonly quoted: boolean;
  readonly numeric: NumericMapping;
  readonly timestamps: TimestampFormat;
  /** Isolation level of transactions, in SQL; undefined for the database's default. */
  readonly isolation: string | undefined;
  /** The query is secret (query.masked): the server's messages, which may quote it, are left out of errors and logs. */
  readonly isMasked: boolean;
}

/** Rejects with SOURCE_UNAVAILABLE or SOURCE_SETUP. */
export async function openPostgres(
  address: SourceAddress,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<Session> {
  const name = applicationName(options.connector);
  const server = serverName(address);
  const client = await login(address, name, signal, options.isolation);
  const watched: WatchedSession = {
    server,
    failure: 'SOURCE_UNAVAILABLE',
    limitMs: address.socketTimeoutMs,
    limitSetting: 'socketTimeout in connection.url',
    progress: () => bytesMoved(socketOf(client)),
    inquire: (inquiry, deadline) =>
      inquireBackend(cut => login(address, INQUIRY_NAME, cut), backendOf(client, name), inquiry, deadline),
  };
  return new PostgresSession(
    client,
    options,
    watched,
    address.tls === 'prefer' ? preferWarning(client, server) : undefined,
  );
}

/** A setting among the options of a session. */
const setting = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`-c ${name}=${value.replaceAll(' ', '\\ ')}`];

async function login(
  address: SourceAddress,
  name: string,
  signal: AbortSignal,
  isolation?: string,
): Promise<pg.Client> {
  const options = [
    address.options ?? '',
    FORMATS,
    ...setting('search_path', address.searchPath),
    ...setting('default_transaction_isolation', isolation),
  ].join(' ');
  try {
    return await openClient(address, { applicationName: name, options, readPem, signal });
  } catch (error) {
    throw toMillraceError(error, `connecting to ${serverName(address)}`);
  }
}

/** A number is given out a moment before its transaction has an id. */
const WINDOW_MS = 50;

const casts: Readonly<Record<Clock, string>> = { local: 'timestamp', instant: 'timestamptz', day: 'date' };

class PostgresSession implements Session {
  readonly #client: pg.Client;
  readonly #options: SessionOptions;
  readonly #watched: WatchedSession;
  #standby: boolean | undefined;
  readonly tlsWarning: string | undefined;
  gone = false;

  constructor(client: pg.Client, options: SessionOptions, watched: WatchedSession, warning: string | undefined) {
    this.tlsWarning = warning;
    this.#client = client;
    this.#options = options;
    this.#watched = watched;
    client.on('end', () => {
      this.gone = true;
    });
  }

  quote(name: string): string {
    return this.#options.quoted ? quoteIdentifier(name) : name;
  }

  literal(text: string, clock: Clock): string {
    return `${quoteLiteral(clock === 'instant' ? `${text}+00` : text)}::${casts[clock]}`;
  }

  hash(row: string): string {
    return `md5(${row}::text)`;
  }

  async query(doing: string, sql: string): Promise<readonly Cells[]> {
    return (await this.#run(doing, sql)).rows;
  }

  async #run(doing: string, sql: string): Promise<pg.QueryArrayResult<(string | null)[]>> {
    try {
      const answer = this.#client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asText });
      return await watchAnswer(this.#watched, doing, answer);
    } catch (error) {
      if (!isServerError(error)) this.destroy();
      throw toMillraceError(error, doing, this.#options.isMasked);
    }
  }

  async tables({ catalogPattern, schemaPattern, types }: TableScope): Promise<readonly TableId[]> {
    const kinds = types.flatMap(type => relationKinds[type.toUpperCase()] ?? []).map(kind => `'${kind}'`);
    if (kinds.length === 0) return [];
    const like = (name: string, pattern: string | null) =>
      pattern === null ? '' : ` AND ${name} LIKE ${quoteLiteral(pattern)}`;
    const scope = like('current_database()', catalogPattern) + like('n.nspname', schemaPattern);
    const rows = await this.query(
      'looking for tables',
      `SELECT current_database(), n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN (${kinds.join()}) AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
         AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND has_table_privilege(c.oid, 'SELECT')${scope}
       ORDER BY 2, 3`,
    );
    return rows.map(([catalog, schema, name]) => ({ catalog, schema, name }) as TableId);
  }

  async columns(_relation: Relation, source: string): Promise<readonly Column[]> {
    const { fields } = await this.#run('looking at columns', `SELECT * FROM ${source} millrace_row LIMIT 0`);
    return this.#describe(fields);
  }

  #describe(fields: readonly pg.FieldDef[]): Promise<readonly Column[]> {
    const ask = (sql: string) => this.query('looking at columns', sql);
    return describeColumns(fields, this.#options.numeric, this.#options.timestamps, ask);
  }

  /** A portal, in a transaction that lasts as long as it is read. */
  async open(doing: string, sql: string, { mayWrite }: { readonly mayWrite: boolean }): Promise<Cursor> {
    await this.#run(doing, mayWrite ? 'BEGIN' : 'BEGIN READ ONLY');
    let isOpen = true;
    const end = async (statement: string) => {
      if (isOpen) await this.#run(doing, statement);
      isOpen = false;
    };
    const portal = 'millrace';
    const { fields } = await this.#exchange(doing, PortalExchange.open(portal, sql)).catch(async (error: unknown) => {
      await end('ROLLBACK').catch(() => {});
      throw error;
    });
    return {
      columns: async () => {
        if (fields.length === 0) throw noRowsError(doing);
        return this.#describe(fields);
      },
      next: async rows => {
        if (!isOpen) return [];
        const answer = await this.#exchange(doing, PortalExchange.fetch(portal, rows));
        if (answer.isComplete) await end('COMMIT');
        return answer.rows;
      },
      close: () => end('ROLLBACK'),
    };
  }

  async #exchange(doing: string, exchange: PortalExchange): Promise<PortalExchange> {
    try {
      this.#client.query(exchange);
      await watchAnswer(this.#watched, doing, exchange.done);
      return exchange;
    } catch (error) {
      if (!isServerError(error)) this.destroy();
      throw toMillraceError(error, doing, this.#options.isMasked);
    }
  }

  /**
   * A transaction's id is given out in order, when it first writes; ours, taken behind the maximum, is above those of
   * all whose rows the maximum may have jumped. A standby gives out none: its own horizon is the nearest thing.
   */
  async mark(maximum: string | null): Promise<{ mark: Mark; maximum: string | null }> {
    this.#standby ??= (await this.query('looking at the server', 'SELECT pg_is_in_recovery()'))[0]?.[0] === 't';
    const id = this.#standby ? 'pg_snapshot_xmax(pg_current_snapshot())' : 'pg_current_xact_id()';
    const [row = []] = await this.query(
      'looking for what is new',
      `SELECT ${maximum === null ? 'NULL' : `(${maximum})`}, extract(epoch FROM clock_timestamp()) * 1000, ${id}`,
    );
    const mark = { id: String(row[2]), serverMs: Math.floor(Number(row[1])), takenAt: performance.now() };
    return { mark, maximum: (row[0] as string | null) ?? null };
  }

  /**
   * xmin, the oldest transaction still open, must have passed the mark; or those that are older must be of other
   * databases, which the locks tell that every transaction with an id holds on it until it is over. A timestamp is often
   * the time at which its transaction began, which may be long before it has an id: so none may be open either that
   * began before the bound.
   */
  async settled({ id, takenAt }: Mark, timesUntil: number | null): Promise<boolean> {
    if (performance.now() - takenAt < WINDOW_MS) return false;
    const began =
      timesUntil === null
        ? ''
        : ` AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
             AND backend_type IN ('client backend', 'background worker') AND xact_start < to_timestamp(${timesUntil / 1000}))`;
    // Ids of transactions are counted modulo 2^32 there.
    const distance = `mod(mod(${id}, 4294967296) - l.transactionid::text::bigint + 4294967296, 4294967296)`;
    const [row] = await this.query(
      'looking for open transactions',
      `SELECT (pg_snapshot_xmin(pg_current_snapshot()) >= '${id}'::xid8 OR (NOT pg_is_in_recovery() AND NOT EXISTS (
         SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
           LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
         WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
           AND coalesce(a.datname, p.database, current_database()) = current_database()
           AND ${distance} < 2147483648)))${began}`,
    );
    return row?.[0] === 't';
  }

  destroy(): void {
    this.gone = true;
    socketOf(this.#client).destroy();
  }

  async close(): Promise<void> {
    await endSession(this.#client);
  }
}

/** JDBC's names of table types, as PostgreSQL's driver has them. */
const relationKinds: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['r'],
  'PARTITIONED TABLE': ['p'],
  VIEW: ['v'],
  'MATERIALIZED VIEW': ['m'],
  'FOREIGN TABLE': ['f'],
};
