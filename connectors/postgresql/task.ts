import { randomUUID } from 'node:crypto';
import type { SourceBatch, SourceRecord, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import { Heartbeats } from '../../src/cdc/heartbeat/heartbeats.ts';
import { RecordBuilder } from '../../src/cdc/record/record-builder.ts';
import { applicationName } from '../../src/databases/postgresql/application-name.ts';
import type { MillraceError } from '../../src/errors.ts';
import { checkServer, queryServer } from './catalog/server.ts';
import type { PostgresConfig } from './config/config.ts';
import { connectionSettings, recordSettings, schemaSettings, snapshotTables, streams } from './config/settings.ts';
import { ignoredSettings } from './config/tuning-keys.ts';
import { findTables } from './find-tables.ts';
import { ServerGuard } from './position/log-identity.ts';
import type { Lsn } from './position/lsn.ts';
import { readOffset, serverPartition } from './position/offsets.ts';
import {
  findStartPoint,
  isLost,
  type StartContext,
  type StartPoint,
  type StreamStart,
} from './position/start-point.ts';
import { timelineHistory } from './position/timeline-history.ts';
import { logEnd } from './position/wal.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { describePlace } from './record-place.ts';
import { Sql } from './session/sql.ts';
import { warnOnce } from './session/warn-once.ts';
import { type StoredPostgresChunk, storedChunks } from './snapshot/chunk.ts';
import { openSnapshot, type PostgresSnapshot } from './snapshot/open.ts';
import { HEARTBEAT_MESSAGE } from './stream/own-messages.ts';
import type { Replication } from './stream/replication.ts';
import type { Stream } from './stream/stream.ts';
import { deletions, type NextStream, openReplication, openStream, type Running } from './streaming.ts';

/** Longest wait of `read` for records. */
const READ_MS = 1000;

/** Reads one database: a snapshot if needed, then the stream. */
export class PostgresTask implements SourceTask<PostgresConfig> {
  #running: Running | undefined;
  #sql: Sql | undefined;
  #snapshot: PostgresSnapshot | undefined;
  #stream: Stream | undefined;
  #replication: Replication | undefined;
  /** Start of the stream and the chunks that it must not repeat; undefined once it is open. */
  #next: NextStream | undefined;
  /** Chunks with which the stream was opened. */
  #chunks: readonly StoredPostgresChunk[] = [];
  #afterSnapshot: StreamStart | undefined;
  #closed = false;
  /** True when nothing is left to read, after the snapshot of initial_only. */
  #finished = false;
  readonly #interrupts = new Set<() => void>();

  async open(config: PostgresConfig, context: SourceTaskContext): Promise<void> {
    for (const warning of ignoredSettings(config)) context.log.warn({}, warning);
    const connection = connectionSettings(config);
    const name = applicationName(context.connector);
    const guard = new ServerGuard();
    const options = { applicationName: name, check: guard.check, signal: context.signal, warn: warnOnce(context.log) };
    const sql = new Sql(connection, options);
    this.#sql = sql;
    // Closing the session ends the wait of a starting task for a new slot.
    const stop = () => (this.#running === undefined ? void sql.close() : this.#interrupt());
    context.signal.addEventListener('abort', stop, { once: true });
    const server = await queryServer(sql);
    checkServer(server, streams(config));
    const { catalog, tables, identities } = await findTables(config, context, sql, server);
    const prefix = config['topic.prefix'];
    const start: StartContext = {
      sql,
      server,
      config,
      stored: readOffset(context.positions.get(serverPartition(prefix))),
      chunks: storedChunks(prefix, context.positions.all()),
      identity: guard.identity,
      applicationName: name,
      signal: context.signal,
      log: context.log,
      history: timeline => timelineHistory(connection, options, timeline),
    };
    const startPoint = await findStartPoint(start);
    const heartbeats = new Heartbeats({
      intervalMs: config['heartbeat.interval.ms'],
      topic: schemaSettings(config).naming.heartbeat,
      server: prefix,
      log: context.log,
      act: async () => void (await sql.query('running the statement of the heartbeat', heartbeatStatement(config))),
      wake: () => this.#interrupt(),
    });
    this.#running = {
      config,
      context,
      sql,
      guard,
      session: options,
      catalog,
      start,
      tables,
      identities,
      builder: new RecordBuilder<Lsn>(recordSettings(config, context.task, randomUUID())),
      heartbeats,
      reporter: new ProgressReporter(sql, context),
    };
    await this.#startAt(startPoint, start.chunks);
  }

  async #startAt(startPoint: StartPoint, stored: readonly StoredPostgresChunk[]): Promise<void> {
    const running = this.#running as Running;
    const { config, context } = running;
    if (startPoint.kind === 'stream') {
      const { position: start, resume, discardChunks, isStored } = startPoint;
      this.#finished = !streams(config);
      this.#next = {
        position: start,
        resume,
        chunks: discardChunks ? [] : stored,
        stale: discardChunks ? stored : [],
        stored: isStored,
      };
      return;
    }
    await this.#delay(config['snapshot.delay.ms']);
    const isSelected = snapshotTables(config);
    this.#afterSnapshot = { position: startPoint.position, resume: startPoint.resume };
    this.#snapshot = await openSnapshot({
      ...running,
      tables: running.tables.filter(({ schema, table }) => isSelected(`${schema}.${table}`)),
      session: running.session,
      identity: running.guard.identity,
      connection: connectionSettings(config),
      schemas: schemaSettings(config),
      position: startPoint.position,
      id: startPoint.id,
      stored,
      maxBatchBytes: context.maxBatchBytes,
      log: context.log,
      committed: () => running.reporter.batchCommitted(),
    });
  }

  async read(): Promise<SourceBatch | null> {
    const { config, context, reporter } = this.#running as Running;
    const deadline = performance.now() + READ_MS;
    if (this.#closed || context.signal.aborted) return null;
    if (this.#snapshot !== undefined) {
      const batch = await this.#snapshot.next(deadline);
      if (batch !== null || !this.#snapshot.completed) {
        reporter.snapshot(this.#snapshot);
        return batch;
      }
      await this.#endSnapshot(this.#snapshot);
    }
    if (this.#finished) {
      await this.#delay(READ_MS);
      return null;
    }
    if (this.#stream === undefined) {
      const first = await this.#openStream();
      if (first !== null) return first;
    }
    const stream = this.#stream as Stream | undefined;
    if (stream === undefined) return null;
    try {
      const batch = await stream.read(deadline);
      reporter.stream(stream, batch);
      return batch;
    } catch (error) {
      // Errors of a closed connection do not matter.
      if (this.#closed || context.signal.aborted) return null;
      if (!isLost(error) || config['snapshot.mode'] !== 'when_needed') throw error;
      await this.#restartWithSnapshot(error);
      return null;
    }
  }

  /** Starts again with a snapshot, after the stream found that the position is lost. */
  async #restartWithSnapshot(reason: MillraceError): Promise<void> {
    const { context, start } = this.#running as Running;
    context.log.warn({ reason: reason.message }, 'the position is lost: the tables are read again');
    await this.#replication?.close();
    this.#replication = undefined;
    this.#stream = undefined;
    await this.#startAt(await findStartPoint({ ...start, stored: { kind: 'none' } }), this.#chunks);
  }

  /** Closes the snapshot. Its chunks include those that were read before an interruption. */
  async #endSnapshot(snapshot: PostgresSnapshot): Promise<void> {
    const { config } = this.#running as Running;
    this.#snapshot = undefined;
    await snapshot.close();
    this.#finished = !streams(config);
    await this.#delay(config['streaming.delay.ms']);
    this.#next = {
      ...(this.#afterSnapshot as StreamStart),
      chunks: snapshot.chunks,
      stale: [],
      stored: true,
    };
  }

  /** Opens the stream. Returns a batch with the position when that has not been stored yet. */
  async #openStream(): Promise<SourceBatch | null> {
    const running = this.#running as Running;
    const next = this.#next;
    if (next === undefined) return null;
    const logEndAtOpen = await logEnd(running.sql);
    this.#replication = await openReplication(running, next);
    this.#stream = await openStream(running, next, this.#replication, logEndAtOpen);
    this.#next = undefined;
    this.#chunks = [...next.chunks, ...next.stale];
    if (next.stored) return null;
    return { records: [], positions: [this.#stream.position(), ...deletions(next.stale)], bytes: 0 };
  }

  caughtUp(): boolean {
    return this.#finished || this.#stream?.caughtUp === true;
  }

  async placeOf(record: SourceRecord): Promise<string | undefined> {
    return describePlace(record);
  }

  /** Waits; ends early when the task ends. */
  async #delay(ms: number): Promise<void> {
    const { signal } = (this.#running as Running).context;
    if (ms <= 0 || this.#closed || signal.aborted) return;
    await new Promise<void>(resolve => {
      const wake = () => {
        clearTimeout(timer);
        this.#interrupts.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#interrupts.add(wake);
    });
  }

  #interrupt(): void {
    for (const wake of this.#interrupts) wake();
    this.#snapshot?.interrupt();
    this.#replication?.interrupt();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#interrupt();
    const running = this.#running;
    running?.heartbeats.stop();
    running?.reporter.stop();
    await Promise.all([this.#snapshot?.close(), this.#replication?.close()]);
    await this.#sql?.close();
  }
}

/** Emits a logical decoding message, so that the slot advances while no captured table changes. */
const heartbeatStatement = (config: PostgresConfig): string =>
  config['heartbeat.action.query'] ?? `SELECT pg_logical_emit_message(false, '${HEARTBEAT_MESSAGE}', ''::text)`;
