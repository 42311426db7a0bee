import { addAbortListener } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceBatch, SourceRecord, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import { kindOf, MillraceError, messageOf } from '../../src/errors.ts';
import { addressOf } from './config/address.ts';
import type { JdbcSourceConfig } from './config/keys.ts';
import { openSession } from './database/open.ts';
import type { Relation, Session } from './database/session.ts';
import { storedOffset } from './read/offsets.ts';
import { withoutSemicolon } from './read/query-text.ts';
import { bulkQueryOf, readMetadata } from './read/relation-metadata.ts';
import { RelationReader } from './read/relation-reader.ts';
import { findTables, rejectConflictingTables } from './tables/plan.ts';
import { fullName, type TableId } from './tables/table-id.ts';
import { zoneOf } from './values/time-zone.ts';

/** Bounds of poll.linger.ms, the time that `read` waits for rows. */
const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 1000;

/** State of a table, or of the query. */
interface RelationState {
  readonly name: string;
  readonly reader: RelationReader;
  /** Error of the last read; undefined after a success. */
  failure: MillraceError | undefined;
  /** Consecutive retriable failures. */
  retries: number;
}

/** Reads its tables, or the query, in turn over one session; a started read is finished before the next state. */
export class JdbcSourceTask implements SourceTask<JdbcSourceConfig> {
  #config: JdbcSourceConfig | undefined;
  #context: SourceTaskContext | undefined;
  #session: Session | undefined;
  readonly #relations = new Map<string, RelationState>();
  /** Full names of all tables of the connector, including those of other tasks. */
  #names: ReadonlySet<string> = new Set();
  readonly #closing = new AbortController();
  #discoverAt = Number.POSITIVE_INFINITY;
  #rows = 0;
  /** Reader and records of the last batch. */
  #lastBatch: { readonly reader: RelationReader; readonly records: readonly SourceRecord[] } | undefined;
  #stopping: Disposable | undefined;

  async open(config: JdbcSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#config = config;
    this.#context = context;
    this.#stopping = addAbortListener(context.signal, () => {
      this.#closing.abort();
      this.#session?.destroy();
    });
    const session = await this.#connectedSession();
    if (session.tlsWarning !== undefined) context.log.warn({}, session.tlsWarning);
    if (config.sql !== '')
      return this.#add({ kind: 'query', sql: withoutSemicolon(config.sql, addressOf(config).product) });
    const tables = await findTables(session, config);
    rejectConflictingTables(tables);
    this.#names = new Set(tables.map(fullName));
    const assigned = config.tables;
    for (const table of tables) if (assigned === null || assigned.includes(fullName(table))) this.#addTable(table);
    if (assigned === null || config.otherTables !== null) await this.#discover(session);
  }

  async #connectedSession(): Promise<Session> {
    const { connector, log } = this.#taskContext();
    if (this.#session?.isClosed !== false)
      this.#session = await openSession(this.#taskConfig(), connector, log, this.#closing.signal);
    if (this.#closing.signal.aborted) this.#session.destroy();
    return this.#session;
  }

  #taskConfig(): JdbcSourceConfig {
    if (this.#config === undefined) throw new MillraceError('INTERNAL', 'the task was not opened');
    return this.#config;
  }

  #taskContext(): SourceTaskContext {
    if (this.#context === undefined) throw new MillraceError('INTERNAL', 'the task was not opened');
    return this.#context;
  }

  #addTable(table: TableId): void {
    this.#add({ kind: 'table', table });
  }

  #add(relation: Relation): void {
    const { log, maxBatchBytes, positions } = this.#taskContext();
    const config = this.#taskConfig();
    const name = relation.kind === 'query' ? 'query' : fullName(relation.table);
    const logged = new Set<string>();
    const warn = (message: string): void => {
      if (!logged.has(message)) log.warn({ table: name }, message);
      logged.add(message);
    };
    const reader = new RelationReader(storedOffset(positions, relation, this.#names), {
      config,
      zone: zoneOf(config['db.timezone']),
      maxBatchBytes,
      readMetadata: session => readMetadata(session, relation, config, warn),
      bulkQuery: bulkQueryOf(relation, config, warn),
      warn,
    });
    this.#relations.set(name, { name, reader, failure: undefined, retries: 0 });
  }

  /** Adds tables that no task reads, and removes dropped ones. */
  async #discover(session: Session): Promise<void> {
    const config = this.#taskConfig();
    const { log } = this.#taskContext();
    this.#discoverAt = performance.now() + config['table.poll.interval.ms'];
    const others = new Set(config.otherTables ?? []);
    const tables = await findTables(session, config);
    const byName = Map.groupBy(tables, fullName);
    this.#names = new Set(byName.keys());
    for (const [table, { length }] of byName)
      if (length > 1) log.warn({ table }, 'only one of several tables is read, as they would share a stored offset');
    const isAssigned = (table: TableId): boolean => this.#relations.has(fullName(table)) || others.has(fullName(table));
    const topics = new Set(tables.filter(isAssigned).map(({ name }) => name));
    for (const table of tables) {
      const name = fullName(table);
      if (isAssigned(table)) continue;
      if (topics.has(table.name)) {
        log.warn({ table: name }, 'a new table is skipped: another table of that name is written to the same topic');
        continue;
      }
      log.info({ table: name }, 'reading a new table');
      topics.add(table.name);
      this.#addTable(table);
    }
    const existing = new Set(tables.map(fullName));
    for (const name of this.#relations.keys())
      if (!existing.has(name)) {
        log.warn({ table: name }, 'a table was dropped or is not accessible');
        this.#relations.delete(name);
      }
  }

  async read(): Promise<SourceBatch | null> {
    this.#lastBatch = undefined;
    const until =
      performance.now() + Math.max(MIN_WAIT_MS, Math.min(MAX_WAIT_MS, this.#taskConfig()['poll.linger.ms']));
    for (;;) {
      if (this.#closing.signal.aborted) return null;
      const session = await this.#connectedSession().catch((error: unknown) => {
        if (this.#closing.signal.aborted) return undefined;
        throw error;
      });
      if (session === undefined) return null;
      const busy = [...this.#relations.values()].find(({ reader }) => reader.isReading);
      if (busy === undefined && performance.now() >= this.#discoverAt) await this.#discover(session);
      const next = busy ?? this.#nextDue();
      const now = performance.now();
      if (next === undefined || next.reader.nextRunAt > now) {
        const wait = Math.min(until, next?.reader.nextRunAt ?? until, this.#discoverAt) - now;
        if (now >= until) return null;
        await sleep(Math.max(1, wait), undefined, { signal: this.#closing.signal }).catch(() => {});
        continue;
      }
      const batch = await this.#step(next, session);
      if (batch !== null) {
        this.#lastBatch = { reader: next.reader, records: batch.records };
        return this.#reportRows(batch);
      }
      if (performance.now() >= until && !next.reader.isReading) return null;
    }
  }

  #nextDue(): RelationState | undefined {
    let next: RelationState | undefined;
    for (const state of this.#relations.values())
      if (next === undefined || state.reader.nextRunAt < next.reader.nextRunAt) next = state;
    return next;
  }

  /** Reads one table; its failure does not stop the others. */
  async #step(state: RelationState, session: Session): Promise<SourceBatch | null> {
    try {
      const batch = await state.reader.step(session);
      state.failure = undefined;
      state.retries = 0;
      return batch;
    } catch (error) {
      if (this.#closing.signal.aborted) return null;
      await state.reader.reset().catch(() => {});
      if (this.#isRetried(state, error)) return null;
      if (!(error instanceof MillraceError) || error.code !== 'SOURCE_SETUP') throw error;
      state.failure = error;
      const all = [...this.#relations.values()];
      if (all.every(({ failure }) => failure !== undefined)) throw error;
      const { log } = this.#taskContext();
      log.error({ table: state.name, reason: messageOf(error) }, 'a table cannot be read; continuing with the others');
      state.reader.nextRunAt = performance.now() + this.#taskConfig()['table.poll.interval.ms'];
      return null;
    }
  }

  /** Counts retriable failures with query.retry.attempts. Throws SOURCE_SETUP after the last retry. */
  #isRetried(state: RelationState, error: unknown): boolean {
    const config = this.#taskConfig();
    const limit = config['query.retry.attempts'];
    if (limit <= 0 || kindOf(error) !== 'retriable') return false;
    state.retries++;
    if (state.retries > limit)
      throw new MillraceError(
        'SOURCE_SETUP',
        `${messageOf(error)} (gave up after ${limit} retries: query.retry.attempts; remove that key to retry without limit)`,
        { cause: error },
      );
    this.#taskContext().log.warn({ table: state.name, reason: messageOf(error) }, 'a query failed; retrying');
    state.reader.nextRunAt = performance.now() + config['poll.interval.ms'];
    return true;
  }

  async placeOf(record: SourceRecord): Promise<string | undefined> {
    return this.#lastBatch?.reader.describeRecord(record, this.#lastBatch.records);
  }

  #reportRows(batch: SourceBatch): SourceBatch {
    this.#rows += batch.records.length;
    const all = [...this.#relations.values()];
    const failing = all.filter(({ failure }) => failure !== undefined);
    this.#taskContext().report({
      tables: all.length,
      rows: this.#rows,
      ...(failing.length === 0 ? {} : { failing: failing.map(({ name }) => name).join(', ') }),
    });
    return batch;
  }

  async close(): Promise<void> {
    this.#stopping?.[Symbol.dispose]();
    this.#closing.abort();
    const session = this.#session;
    this.#session = undefined;
    if ([...this.#relations.values()].some(({ reader }) => reader.isReading)) session?.destroy();
    else await session?.close();
  }
}
