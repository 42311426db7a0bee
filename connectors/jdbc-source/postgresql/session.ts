import type pg from 'pg';
import { type WatchedSession, watchAnswer } from '../../../src/databases/answer-watch.ts';
import { serverName } from '../../../src/databases/jdbc-url.ts';
import { transferredBytes } from '../../../src/databases/link.ts';
import { applicationName } from '../../../src/databases/postgresql/application-name.ts';
import { openClient } from '../../../src/databases/postgresql/connect.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import {
  backendOf,
  endSession,
  PROBE_APPLICATION_NAME,
  preferWarning,
  probeBackend,
  socketOf,
} from '../../../src/databases/postgresql/session.ts';
import type { SourceAddress } from '../config/address.ts';
import type { NumericMapping } from '../config/database-keys.ts';
import { readPem } from '../config/pem-files.ts';
import { isServerError, noRowsError, toMillraceError } from '../database/failures.ts';
import type { Column, Cursor, Relation, Session, TableScope, TimeKind, Watermark } from '../database/session.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells } from '../values/row.ts';
import type { TimestampFormat } from '../values/timestamps.ts';
import { describeColumns } from './columns.ts';
import { PortalExchange } from './portal.ts';

/** Returns every value as the text that the server sends. */
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
  /** The query is secret (query.masked): server messages, which may quote it, are omitted from errors and logs. */
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
    progress: () => transferredBytes(socketOf(client)),
    probe: (inquiry, deadline) =>
      probeBackend(cut => login(address, PROBE_APPLICATION_NAME, cut), backendOf(client, name), inquiry, deadline),
  };
  return new PostgresSession(
    client,
    options,
    watched,
    address.tls === 'prefer' ? preferWarning(client, server) : undefined,
  );
}

/** A parameter in the format of session options. */
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

/** Time between the assignment of a sequence value and of its transaction id. */
const ASSIGNMENT_MS = 50;

const casts: Readonly<Record<TimeKind, string>> = { local: 'timestamp', instant: 'timestamptz', day: 'date' };

class PostgresSession implements Session {
  readonly #client: pg.Client;
  readonly #options: SessionOptions;
  readonly #watched: WatchedSession;
  #isStandby: boolean | undefined;
  readonly tlsWarning: string | undefined;
  isClosed = false;

  constructor(client: pg.Client, options: SessionOptions, watched: WatchedSession, warning: string | undefined) {
    this.tlsWarning = warning;
    this.#client = client;
    this.#options = options;
    this.#watched = watched;
    client.on('end', () => {
      this.isClosed = true;
    });
  }

  quote(name: string): string {
    return this.#options.quoted ? quoteIdentifier(name) : name;
  }

  literal(text: string, timeKind: TimeKind): string {
    return `${quoteLiteral(timeKind === 'instant' ? `${text}+00` : text)}::${casts[timeKind]}`;
  }

  hash(row: string): string {
    return `md5(${row}::text)`;
  }

  async query(operation: string, sql: string): Promise<readonly Cells[]> {
    return (await this.#run(operation, sql)).rows;
  }

  async #run(operation: string, sql: string): Promise<pg.QueryArrayResult<(string | null)[]>> {
    try {
      const answer = this.#client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asText });
      return await watchAnswer(this.#watched, operation, answer);
    } catch (error) {
      if (!isServerError(error)) this.destroy();
      throw toMillraceError(error, operation, this.#options.isMasked);
    }
  }

  async tables({ catalogPattern, schemaPattern, types }: TableScope): Promise<readonly TableId[]> {
    const kinds = types.flatMap(type => relationKinds[type.toUpperCase()] ?? []).map(kind => `'${kind}'`);
    if (kinds.length === 0) return [];
    const like = (name: string, pattern: string | null) =>
      pattern === null ? '' : ` AND ${name} LIKE ${quoteLiteral(pattern)}`;
    const scope = like('current_database()', catalogPattern) + like('n.nspname', schemaPattern);
    const rows = await this.query(
      'listing tables',
      `SELECT current_database(), n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN (${kinds.join()}) AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
         AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND has_table_privilege(c.oid, 'SELECT')${scope}
       ORDER BY 2, 3`,
    );
    return rows.map(([catalog, schema, name]) => ({ catalog, schema, name }) as TableId);
  }

  async columns(_relation: Relation, source: string): Promise<readonly Column[]> {
    const { fields } = await this.#run('reading columns', `SELECT * FROM ${source} millrace_row LIMIT 0`);
    return this.#describe(fields);
  }

  #describe(fields: readonly pg.FieldDef[]): Promise<readonly Column[]> {
    const query = (sql: string) => this.query('reading columns', sql);
    return describeColumns(fields, this.#options.numeric, this.#options.timestamps, query);
  }

  /** Opens a portal in a transaction that lasts until all rows are read. */
  async open(operation: string, sql: string, { mayWrite }: { readonly mayWrite: boolean }): Promise<Cursor> {
    await this.#run(operation, mayWrite ? 'BEGIN' : 'BEGIN READ ONLY');
    let isOpen = true;
    const end = async (statement: string) => {
      if (isOpen) await this.#run(operation, statement);
      isOpen = false;
    };
    const portal = 'millrace';
    const { fields } = await this.#exchange(operation, PortalExchange.open(portal, sql)).catch(
      async (error: unknown) => {
        await end('ROLLBACK').catch(() => {});
        throw error;
      },
    );
    return {
      columns: async () => {
        if (fields.length === 0) throw noRowsError(operation);
        return this.#describe(fields);
      },
      next: async rows => {
        if (!isOpen) return [];
        const answer = await this.#exchange(operation, PortalExchange.fetch(portal, rows));
        if (answer.isComplete) await end('COMMIT');
        return answer.rows;
      },
      close: () => end('ROLLBACK'),
    };
  }

  async #exchange(operation: string, exchange: PortalExchange): Promise<PortalExchange> {
    try {
      this.#client.query(exchange);
      await watchAnswer(this.#watched, operation, exchange.done);
      return exchange;
    } catch (error) {
      if (!isServerError(error)) this.destroy();
      throw toMillraceError(error, operation, this.#options.isMasked);
    }
  }

  /**
   * Transaction ids are assigned in order, at the first write. The id that is taken after the maximum is above those of all
   * transactions whose rows may be below the maximum. A standby assigns none: its xmax is used instead.
   */
  async takeWatermark(maximum: string | null): Promise<{ watermark: Watermark; maximum: string | null }> {
    this.#isStandby ??=
      (await this.query('reading the state of the server', 'SELECT pg_is_in_recovery()'))[0]?.[0] === 't';
    const id = this.#isStandby ? 'pg_snapshot_xmax(pg_current_snapshot())' : 'pg_current_xact_id()';
    const [row = []] = await this.query(
      'reading the watermark',
      `SELECT ${maximum === null ? 'NULL' : `(${maximum})`}, extract(epoch FROM clock_timestamp()) * 1000, ${id}`,
    );
    const watermark = { id: String(row[2]), serverMs: Math.floor(Number(row[1])), takenAt: performance.now() };
    return { watermark, maximum: (row[0] as string | null) ?? null };
  }

  /**
   * xmin, the oldest open transaction, must be above the watermark, or the older ones must belong to other databases: each
   * transaction holds a lock on its id until it ends. A timestamp is often the start time of its transaction, which may be
   * long before its id was assigned, so no transaction may be open that began before the upper bound.
   */
  async isSettled({ id, takenAt }: Watermark, timesUntil: number | null): Promise<boolean> {
    if (performance.now() - takenAt < ASSIGNMENT_MS) return false;
    const startCondition =
      timesUntil === null
        ? ''
        : ` AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
             AND backend_type IN ('client backend', 'background worker') AND xact_start < to_timestamp(${timesUntil / 1000}))`;
    // pg_locks has transaction ids modulo 2^32.
    const distance = `mod(mod(${id}, 4294967296) - l.transactionid::text::bigint + 4294967296, 4294967296)`;
    const [row] = await this.query(
      'reading open transactions',
      `SELECT (pg_snapshot_xmin(pg_current_snapshot()) >= '${id}'::xid8 OR (NOT pg_is_in_recovery() AND NOT EXISTS (
         SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
           LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
         WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
           AND coalesce(a.datname, p.database, current_database()) = current_database()
           AND ${distance} < 2147483648)))${startCondition}`,
    );
    return row?.[0] === 't';
  }

  destroy(): void {
    this.isClosed = true;
    socketOf(this.#client).destroy();
  }

  async close(): Promise<void> {
    await endSession(this.#client);
  }
}

/** Relation kinds of pg_class, by pgjdbc's names of table types. */
const relationKinds: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['r'],
  'PARTITIONED TABLE': ['p'],
  VIEW: ['v'],
  'MATERIALIZED VIEW': ['m'],
  'FOREIGN TABLE': ['f'],
};
