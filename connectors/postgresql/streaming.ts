import type { SourcePartition, SourceTaskContext } from '../../src/api/index.ts';
import type { Heartbeats } from '../../src/cdc/heartbeat/heartbeats.ts';
import type { RecordBuilder } from '../../src/cdc/record/record-builder.ts';
import { TransactionMetadata } from '../../src/cdc/record/transaction-metadata.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { TableFacts } from './catalog/relation.ts';
import type { IdentityCheck } from './catalog/replica-identity.ts';
import type { PostgresConfig } from './config/config.ts';
import { capturedMessages, capturedTables, connectionSettings, schemaSettings } from './config/settings.ts';
import type { ServerGuard } from './position/log-identity.ts';
import type { Lsn } from './position/lsn.ts';
import { position } from './position/offsets.ts';
import type { StartContext, StreamStart } from './position/start-point.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import type { ConnectOptions } from './session/connection.ts';
import type { Sql } from './session/sql.ts';
import type { StoredPostgresChunk } from './snapshot/chunk.ts';
import { seenFilter } from './snapshot/open.ts';
import { MessageFormat } from './stream/logical-message.ts';
import { Replication } from './stream/replication.ts';
import { Stream } from './stream/stream.ts';

/** Time without a message after which a walsender counts as lost: with wal_sender_timeout=0, and the shortest otherwise. */
const SILENCE_MS = 60_000;
const MIN_SILENCE_MS = 10_000;

/** State of an open task. */
export interface Running {
  readonly config: PostgresConfig;
  readonly context: SourceTaskContext;
  readonly sql: Sql;
  readonly guard: ServerGuard;
  readonly session: ConnectOptions;
  readonly catalog: Catalog;
  readonly start: StartContext;
  readonly tables: readonly TableFacts[];
  readonly identities: IdentityCheck;
  readonly builder: RecordBuilder<Lsn>;
  readonly heartbeats: Heartbeats;
  readonly reporter: ProgressReporter;
}

/** Start of the stream. */
export interface NextStream extends StreamStart {
  /** Chunks of the snapshot before it, which the stream has not passed. */
  readonly chunks: readonly StoredPostgresChunk[];
  /** Chunks to delete at once. */
  readonly stale: readonly StoredPostgresChunk[];
  /** True when the position is stored already. */
  readonly stored: boolean;
}

/** Starts replication at the position. */
export function openReplication(
  { config, context, session, start: { server } }: Running,
  { position: start, resume }: NextStream,
): Promise<Replication> {
  const status = config['status.update.interval.ms'];
  const { senderTimeoutMs, version } = server;
  return Replication.open(connectionSettings(config), {
    slot: config['slot.name'],
    publication: config['publication.name'],
    start: resume?.from ?? start.start,
    session,
    statusIntervalMs: senderTimeoutMs > 0 ? Math.max(1, Math.min(status, senderTimeoutMs / 3)) : status,
    silenceMs: senderTimeoutMs > 0 ? Math.max(MIN_SILENCE_MS, senderTimeoutMs) : SILENCE_MS,
    bufferBytes: context.maxBatchBytes,
    serverVersion: version,
  });
}

/** Creates the stream over an open replication connection. logEndAtOpen: end of the log before the connection was opened. */
export async function openStream(
  { config, context, catalog, sql, guard, builder, heartbeats, tables, identities }: Running,
  { position: start, resume, chunks }: NextStream,
  replication: Replication,
  logEndAtOpen: Lsn,
): Promise<Stream> {
  const schemas = schemaSettings(config);
  return new Stream(
    {
      server: config['topic.prefix'],
      identity: guard.identity,
      sql,
      names: schemas.names,
      schemas,
      builder,
      maxBatchBytes: context.maxBatchBytes,
      idleMs: config['status.update.interval.ms'],
      logEndAtOpen,
      metadata: config['provide.transaction.metadata'] ? new TransactionMetadata(schemas.naming.transaction) : null,
      messages: new MessageFormat(schemas.naming.message, config['binary.handling.mode']),
      log: context.log,
      untilCommit: () => context.untilCommit?.(),
      captures: capturedTables(config),
      tables,
      identities,
      includesMessage: capturedMessages(config),
      takeDueRecords: () => heartbeats.take(),
      chunksPassed: () => deletions(chunks),
    },
    replication,
    catalog,
    start,
    await seenFilter(sql, chunks),
    resume?.check ?? null,
  );
}

/** Positions that delete those of chunks. */
export const deletions = (chunks: readonly { readonly partition: SourcePartition }[]) =>
  chunks.map(({ partition }) => position(partition, null));
