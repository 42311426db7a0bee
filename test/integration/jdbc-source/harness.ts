import { connector, type JdbcSourceConfig } from '../../../connectors/jdbc-source/index.ts';
import type { SourceBatch, SourceTask } from '../../../src/api/index.ts';
import { createDatabase } from '../../support/database.ts';
import { createMariadb } from '../../support/mariadb.ts';
import { type Committed, silent, type Warning } from '../../support/source-task.ts';

export type Props = Readonly<Record<string, string>>;

/** A database of either kind with SQL that both support, except the parts that a test sets. */
export interface Source extends AsyncDisposable {
  readonly product: 'postgresql' | 'mariadb';
  readonly name: string;
  /** JDBC URL including the user. */
  readonly url: string;
  run(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** A separate session for transactions. */
  session(): Promise<{ run(sql: string): Promise<unknown> }>;
  /** Stored source partition of a table. */
  full(table: string): string;
}

export async function postgresSource(): Promise<Source> {
  const db = await createDatabase('jdbc_source');
  const { host, port, user, password } = db.connection;
  return {
    product: 'postgresql',
    name: db.name,
    url: `jdbc:postgresql://${host}:${port}/${db.name}?user=${user}&password=${encodeURIComponent(password || 'x')}`,
    run: sql => db.query(sql),
    async session() {
      const client = await db.client();
      return { run: sql => client.query(sql) };
    },
    full: table => `public.${table}`,
    [Symbol.asyncDispose]: () => db.drop(),
  };
}

export async function mariadbSource(): Promise<Source> {
  const db = await createMariadb('jdbc_source');
  const { host, port, user, password } = db.server;
  return {
    product: 'mariadb',
    name: db.name,
    url: `jdbc:mariadb://${host}:${port}/${db.name}?user=${user}&password=${encodeURIComponent(password)}`,
    run: sql => db.query(sql),
    async session() {
      const session = await db.session();
      return { run: sql => session.query(sql) };
    },
    full: table => `${db.name}.${table}`,
    [Symbol.asyncDispose]: () => db.drop(),
  };
}

export const sources = [
  ['PostgreSQL', postgresSource],
  ['MariaDB', mariadbSource],
] as const;

/** Configuration with frequent polls. */
export const propsOf = (source: Source, more: Props): Props => ({
  'connection.url': source.url,
  'topic.prefix': 'from.',
  'poll.interval.ms': '20',
  ...more,
});

export function configOf(props: Props): JdbcSourceConfig {
  const { config, errors } = connector.config.check(props);
  if (config === undefined) throw new Error(JSON.stringify([...errors]));
  return config;
}

export const planContext = { log: silent, signal: new AbortController().signal };

export interface Running extends AsyncDisposable {
  readonly task: SourceTask<JdbcSourceConfig>;
  readonly warnings: readonly Warning[];
  readonly figures: Readonly<Record<string, number | string>>;
  /** Reads one batch and commits it. */
  step(): Promise<SourceBatch | null>;
  /** Reads until `done` returns true; fails after twenty seconds. */
  until(done: () => boolean): Promise<void>;
  /** Reads until this many records were committed in total, and then until no more arrive. */
  exactly(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a task like the engine. */
export async function openTask(props: Props, committed: Committed, maxBatchBytes = 2 << 20): Promise<Running> {
  const task = connector.task();
  const abort = new AbortController();
  const warnings: Warning[] = [];
  const running = {
    task,
    warnings,
    figures: {} as Readonly<Record<string, number | string>>,
    async step() {
      const batch = await task.read();
      if (batch !== null) committed.commit(batch);
      return batch;
    },
    async until(done: () => boolean) {
      const deadline = performance.now() + 20_000;
      while (!done()) {
        if (performance.now() > deadline) throw new Error(`${committed.records.length} records in 20 s`);
        await running.step();
      }
    },
    async exactly(count: number) {
      await running.until(() => committed.records.length >= count);
      // A poll of MariaDB may need a second empty read to end.
      for (let quiet = 0; quiet < (props['connection.url']?.includes('postgres') ? 1 : 2); quiet++)
        while ((await running.step()) !== null) quiet = 0;
      if (committed.records.length !== count) throw new Error(`${committed.records.length} records, not ${count}`);
    },
    async close() {
      abort.abort();
      await task.close();
    },
    [Symbol.asyncDispose]: () => running.close(),
  };
  try {
    await task.open(configOf(props), {
      connector: 'test',
      task: 0,
      log: {
        ...silent,
        warn: (fields, message) => void warnings.push({ fields, message }),
        error: (fields, message) => void warnings.push({ fields, message }),
      },
      signal: abort.signal,
      positions: committed,
      maxBatchBytes,
      report: figures => {
        running.figures = figures;
      },
    });
  } catch (error) {
    await task.close();
    throw error;
  }
  return running;
}

/**
 * Reads with a restart every few batches, some of which are read and never committed, until this many records are
 * committed; then checks that no more arrive.
 */
export async function withRestarts(
  props: Props,
  committed: Committed,
  count: number,
  maxBatchBytes?: number,
): Promise<void> {
  const deadline = performance.now() + 40_000;
  for (let round = 0; committed.records.length < count; round++) {
    if (performance.now() > deadline) throw new Error(`${committed.records.length} of ${count} records in 40 s`);
    await using running = await openTask(props, committed, maxBatchBytes);
    const batchTarget = committed.batches.length + 1 + (round % 3);
    await running.until(() => committed.batches.length >= batchTarget || committed.records.length >= count);
    // Lost on its way to Kafka.
    if (round % 2 === 0 && committed.records.length < count) await running.task.read();
  }
  await using running = await openTask(props, committed, maxBatchBytes);
  await running.exactly(count);
}
