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
import { lookAt, wholeQuery } from './read/relation-metadata.ts';
import { Reader } from './read/relation-reader.ts';
import { findTables, refuseSameNames } from './tables/plan.ts';
import { fullName, type TableId } from './tables/table-id.ts';
import { zoneOf } from './values/time-zone.ts';

/** Bounds of poll.linger.ms, which is the time that one `read` waits for work: less would keep the processor busy. */
const LEAST_WAIT_MS = 100;
const MOST_WAIT_MS = 1000;

interface Running {
  readonly name: string;
  readonly reader: Reader;
  /** Why it cannot be read; undefined while it can. */
  failure: MillraceError | undefined;
  /** Failures in a row that may pass. */
  retries: number;
}

/** Reads its tables, or the query, in turn over one session: what has begun is read to its end first. */
export class JdbcSourceTask implements SourceTask<JdbcSourceConfig> {
  #config: JdbcSourceConfig | undefined;
  #context: SourceTaskContext | undefined;
  #session: Session | undefined;
  readonly #running = new Map<string, Running>();
  /** Full names of all tables of the connector, those of other tasks too. */
  #names: ReadonlySet<string> = new Set();
  readonly #closed = new AbortController();
  #discoverAt = Number.POSITIVE_INFINITY;
  #rows = 0;
  /** Batch of the last `read`. */
  #last: { readonly reader: Reader; readonly records: readonly SourceRecord[] } | undefined;
  #stopping: Disposable | undefined;

  async open(config: JdbcSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#config = config;
    this.#context = context;
    this.#stopping = addAbortListener(context.signal, () => {
      this.#closed.abort();
      this.#session?.destroy();
    });
    const session = await this.#connected();
    if (session.tlsWarning !== undefined) context.log.warn({}, session.tlsWarning);
    if (config.sql !== '')
      return this.#add({ kind: 'query', sql: withoutSemicolon(config.sql, addressOf(config).product) });
    const found = await findTables(session, config);
    refuseSameNames(found);
    this.#names = new Set(found.map(fullName));
    const mine = config.tables;
    for (const table of found) if (mine === null || mine.includes(fullName(table))) this.#addTable(table);
    if (mine === null || config.otherTables !== null) await this.#discover(session);
  }

  async #connected(): Promise<Session> {
    const { connector, log } = this.#started();
    if (this.#session?.gone !== false)
      this.#session = await openSession(this.#settings(), connector, log, this.#closed.signal);
    if (this.#closed.signal.aborted) this.#session.destroy();
    return this.#session;
  }

  #settings(): JdbcSourceConfig {
    if (this.#config === undefined) throw new MillraceError('INTERNAL', 'the task was not opened');
    return this.#config;
  }

  #started(): SourceTaskContext {
    if (this.#context === undefined) throw new MillraceError('INTERNAL', 'the task was not opened');
    return this.#context;
  }

  #addTable(table: TableId): void {
    this.#add({ kind: 'table', table });
  }

  #add(relation: Relation): void {
    const { log, maxBatchBytes, positions } = this.#started();
    const config = this.#settings();
    const name = relation.kind === 'query' ? 'query' : fullName(relation.table);
    const said = new Set<string>();
    const warn = (message: string): void => {
      if (!said.has(message)) log.warn({ table: name }, message);
      said.add(message);
    };
    const reader = new Reader(storedOffset(positions, relation, this.#names), {
      config,
      zone: zoneOf(config['db.timezone']),
      maxBatchBytes,
      look: session => lookAt(session, relation, config, warn),
      whole: wholeQuery(relation, config, warn),
      warn,
    });
    this.#running.set(name, { name, reader, failure: undefined, retries: 0 });
  }

  /** Takes on tables that no task has, and lets go of those that are gone. */
  async #discover(session: Session): Promise<void> {
    const config = this.#settings();
    const { log } = this.#started();
    this.#discoverAt = performance.now() + config['table.poll.interval.ms'];
    const others = new Set(config.otherTables ?? []);
    const found = await findTables(session, config);
    const byName = Map.groupBy(found, fullName);
    this.#names = new Set(byName.keys());
    for (const [table, { length }] of byName)
      if (length > 1) log.warn({ table }, 'one of several tables is read, as all would have one stored offset');
    const taken = (table: TableId): boolean => this.#running.has(fullName(table)) || others.has(fullName(table));
    const topics = new Set(found.filter(taken).map(({ name }) => name));
    for (const table of found) {
      const name = fullName(table);
      if (taken(table)) continue;
      if (topics.has(table.name)) {
        log.warn({ table: name }, 'a new table is left out: another of that name is written to the same topic');
        continue;
      }
      log.info({ table: name }, 'a new table is read');
      topics.add(table.name);
      this.#addTable(table);
    }
    const there = new Set(found.map(fullName));
    for (const name of this.#running.keys())
      if (!there.has(name)) {
        log.warn({ table: name }, 'a table is no longer there');
        this.#running.delete(name);
      }
  }

  async read(): Promise<SourceBatch | null> {
    this.#last = undefined;
    const until =
      performance.now() + Math.max(LEAST_WAIT_MS, Math.min(MOST_WAIT_MS, this.#settings()['poll.linger.ms']));
    for (;;) {
      if (this.#closed.signal.aborted) return null;
      const session = await this.#connected().catch((error: unknown) => {
        if (this.#closed.signal.aborted) return undefined;
        throw error;
      });
      if (session === undefined) return null;
      const busy = [...this.#running.values()].find(({ reader }) => reader.reading);
      if (busy === undefined && performance.now() >= this.#discoverAt) await this.#discover(session);
      const next = busy ?? this.#nextDue();
      const now = performance.now();
      if (next === undefined || next.reader.due > now) {
        const wait = Math.min(until, next?.reader.due ?? until, this.#discoverAt) - now;
        if (now >= until) return null;
        await sleep(Math.max(1, wait), undefined, { signal: this.#closed.signal }).catch(() => {});
        continue;
      }
      const batch = await this.#step(next, session);
      if (batch !== null) {
        this.#last = { reader: next.reader, records: batch.records };
        return this.#counted(batch);
      }
      if (performance.now() >= until && !next.reader.reading) return null;
    }
  }

  #nextDue(): Running | undefined {
    let next: Running | undefined;
    for (const one of this.#running.values()) if (next === undefined || one.reader.due < next.reader.due) next = one;
    return next;
  }

  /** What is wrong with one table does not stop the others. */
  async #step(one: Running, session: Session): Promise<SourceBatch | null> {
    try {
      const batch = await one.reader.step(session);
      one.failure = undefined;
      one.retries = 0;
      return batch;
    } catch (error) {
      if (this.#closed.signal.aborted) return null;
      await one.reader.reset().catch(() => {});
      if (this.#isRetried(one, error)) return null;
      if (!(error instanceof MillraceError) || error.code !== 'SOURCE_SETUP') throw error;
      one.failure = error;
      const all = [...this.#running.values()];
      if (all.every(({ failure }) => failure !== undefined)) throw error;
      const { log } = this.#started();
      log.error({ table: one.name, reason: messageOf(error) }, 'a table cannot be read; the others go on');
      one.reader.due = performance.now() + this.#settings()['table.poll.interval.ms'];
      return null;
    }
  }

  /** With query.retry.attempts, failures that may pass are counted here. Throws SOURCE_SETUP when they are used up. */
  #isRetried(one: Running, error: unknown): boolean {
    const config = this.#settings();
    const limit = config['query.retry.attempts'];
    if (limit <= 0 || kindOf(error) !== 'retriable') return false;
    one.retries++;
    if (one.retries > limit)
      throw new MillraceError(
        'SOURCE_SETUP',
        `${messageOf(error)} (tried again ${limit} times, as query.retry.attempts says; leave that out to try without end)`,
        { cause: error },
      );
    this.#started().log.warn({ table: one.name, reason: messageOf(error) }, 'a query failed and is tried again');
    one.reader.due = performance.now() + config['poll.interval.ms'];
    return true;
  }

  async placeOf(record: SourceRecord): Promise<string | undefined> {
    return this.#last?.reader.placeOf(record, this.#last.records);
  }

  #counted(batch: SourceBatch): SourceBatch {
    this.#rows += batch.records.length;
    const all = [...this.#running.values()];
    const failing = all.filter(({ failure }) => failure !== undefined);
    this.#started().report({
      tables: all.length,
      rows: this.#rows,
      ...(failing.length === 0 ? {} : { failing: failing.map(({ name }) => name).join(', ') }),
    });
    return batch;
  }

  /** Positions are in Kafka; the database keeps nothing for us. */
  acknowledge(): void {}

  async close(): Promise<void> {
    this.#stopping?.[Symbol.dispose]();
    this.#closed.abort();
    const session = this.#session;
    this.#session = undefined;
    if ([...this.#running.values()].some(({ reader }) => reader.reading)) session?.destroy();
    else await session?.close();
  }
}
