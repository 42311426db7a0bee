import type { Log } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { checkRoomForSlot, type Server } from '../catalog/server.ts';
import type { PostgresConfig } from '../config/config.ts';
import type { Sql } from '../session/sql.ts';
import type { StoredPostgresChunk } from '../snapshot/chunk.ts';
import { type LogIdentity, sameLog } from './log-identity.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import type { StoredPosition, StreamPosition } from './offsets.ts';
import { checkPositionInLog } from './position-check.ts';
import { ResumeCheck } from './resume-check.ts';
import { checkPosition, checkSlot, createSlot, findSlot, freeSlot, type Slot } from './slot.ts';
import type { TimelineHistory } from './timeline-history.ts';
import { logEnd } from './wal.ts';

/** The first work of a task: streaming or a snapshot. */
export type StartPoint =
  | (StreamStart & {
      readonly kind: 'stream';
      /** The position equals the stored one. */
      readonly isStored: boolean;
      /** Stored chunks are of an earlier snapshot that does not count. */
      readonly discardChunks: boolean;
    })
  | (StreamStart & {
      readonly kind: 'snapshot';
      /** Id of the interrupted snapshot that is continued; null: a new snapshot. */
      readonly id: string | null;
    });

/** Start of the stream, which follows the snapshot if there is one. */
export interface StreamStart {
  readonly position: StreamPosition;
  /** Compares the transactions that the slot sends before the position; null: the slot sends from the position on. */
  readonly resume: { readonly from: Lsn; readonly check: ResumeCheck } | null;
}

export interface StartContext {
  readonly sql: Sql;
  readonly server: Server;
  readonly config: PostgresConfig;
  readonly stored: StoredPosition;
  /** Chunks among the stored positions. */
  readonly chunks: readonly StoredPostgresChunk[];
  /** Identity of the server's log. */
  readonly identity: LogIdentity;
  readonly applicationName: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  history(timeline: number): Promise<TimelineHistory>;
}

type Stored = Exclude<StoredPosition, { kind: 'none' }>;
type UsableSlot = Slot & { readonly confirmed: Lsn };

/** Longest wait for a slot that a killed worker still holds. */
const SLOT_WAIT_MS = 15_000;

/** Compares the stored position with the server's log and the slot, creates a missing slot, and returns the start point. */
export async function findStartPoint(context: StartContext): Promise<StartPoint> {
  const { config, stored } = context;
  const mode = config['snapshot.mode'];
  if (mode === 'initial_only') return onlySnapshot(context);
  const slot = await usableSlot(context);
  if (stored.kind === 'none') return startFresh(context, slot, !isNever(mode));
  try {
    await checkLog(context, stored);
    return await resume(context, slot, stored);
  } catch (error) {
    if (!isLost(error)) throw error;
    if (mode === 'when_needed') {
      context.log.warn({ reason: error.message }, 'the position is lost: the tables are read again');
      return startFresh(context, slot?.walStatus === 'lost' ? undefined : slot, true);
    }
    if (config['offset.mismatch.strategy'] !== 'trust_slot' || stored.kind !== 'stream' || slot === undefined)
      throw error;
    context.log.warn({ reason: error.message }, 'the position is lost: reading goes on from the replication slot');
    return { kind: 'stream', ...startAt(slot.confirmed), isStored: false, discardChunks: true };
  }
}

async function resume(context: StartContext, slot: UsableSlot | undefined, stored: Stored): Promise<StartPoint> {
  const mode = context.config['snapshot.mode'];
  // A snapshot of Debezium cannot be continued: the tables are read from the beginning, as in Debezium.
  if (stored.kind === 'snapshot' && stored.id === null && !isNever(mode)) return startFresh(context, slot, true);
  const start = streamStart(context, slot, stored);
  if (stored.kind === 'snapshot') {
    if (isNever(mode)) return { kind: 'stream', ...start, isStored: false, discardChunks: true };
    return { kind: 'snapshot', ...start, id: stored.id };
  }
  if (mode === 'always') return { kind: 'snapshot', ...start, id: null };
  const isStored =
    start.position === stored.position && stored.identity !== null && sameLog(context.identity, stored.identity);
  return { kind: 'stream', ...start, isStored: isStored, discardChunks: false };
}

/** A snapshot without streaming needs no slot: an unused one would retain WAL. */
async function onlySnapshot(context: StartContext): Promise<StartPoint> {
  const { sql, stored } = context;
  if (stored.kind === 'none') return { kind: 'snapshot', ...startAt(await logEnd(sql)), id: null };
  await checkLog(context, stored);
  const start = { position: stored.position, resume: null };
  if (stored.kind === 'stream') return { kind: 'stream', ...start, isStored: true, discardChunks: false };
  return { kind: 'snapshot', ...start, id: stored.id };
}

async function checkLog(context: StartContext, stored: Stored): Promise<void> {
  const { sql, chunks, identity, history } = context;
  const id = stored.kind === 'snapshot' ? stored.id : undefined;
  await checkPositionInLog({
    position: stored.position,
    stored: stored.identity,
    chunks: chunks.filter(chunk => id === undefined || chunk.id === id),
    server: identity,
    logEnd: await logEnd(sql),
    history,
  });
}

/** The slot, free and checked. Drops an invalidated one if snapshot.mode=when_needed; undefined: there is none. */
async function usableSlot({
  sql,
  config,
  applicationName,
  signal,
  log,
}: StartContext): Promise<UsableSlot | undefined> {
  const name = config['slot.name'];
  const slot = await findSlot(sql, name);
  if (slot === undefined) return undefined;
  if (slot.walStatus === 'lost' && config['snapshot.mode'] === 'when_needed') {
    log.warn({ slot: name }, 'the replication slot was invalidated, and is dropped');
    await sql.query(`dropping the replication slot ${name}`, 'SELECT pg_drop_replication_slot($1)', [name]);
    return undefined;
  }
  if (slot.activePid !== null) {
    const waitMs = Math.min(SLOT_WAIT_MS, config['slot.max.retries'] * config['slot.retry.delay.ms']);
    await freeSlot(sql, name, applicationName, waitMs, signal);
    const freed = await findSlot(sql, name);
    return freed && checkSlot(freed, config['database.dbname']);
  }
  return checkSlot(slot, config['database.dbname']);
}

async function startFresh(context: StartContext, slot: UsableSlot | undefined, snapshot: boolean): Promise<StartPoint> {
  const start = startAt(slot?.confirmed ?? (await makeSlot(context)));
  if (snapshot) return { kind: 'snapshot', ...start, id: null };
  return { kind: 'stream', ...start, isStored: false, discardChunks: true };
}

const startAt = (start: Lsn): StreamStart => ({
  position: { start, partial: null, last: null, sequence: null, readAgainUntil: null },
  resume: null,
});

async function makeSlot({ sql, server, config, log }: StartContext): Promise<Lsn> {
  checkRoomForSlot(server);
  log.info(
    { slot: config['slot.name'] },
    'creating the replication slot: the server waits for the transactions that are open now',
  );
  const start = await createSlot(sql, config['slot.name'], config['slot.failover'], server.version);
  log.info({ slot: config['slot.name'], lsn: formatLsn(start) }, 'replication slot created');
  return start;
}

/** Starts at the stored position, or at the slot's if that is ahead and offset.mismatch.strategy allows it. */
function streamStart(context: StartContext, existing: UsableSlot | undefined, stored: Stored): StreamStart {
  const { position, identity } = stored;
  const slot = requireSlot(existing, context.config, position.start);
  if (!isPositionTrusted(context, slot, position.start)) return startAt(slot.confirmed);
  // Offsets of Debezium do not contain the transactions that the slot must send again.
  if (identity === null) return { position, resume: null };
  const check = new ResumeCheck(position, slot.confirmed);
  return { position, resume: { from: slot.confirmed, check } };
}

/** False: the slot is ahead, and `offset.mismatch.strategy` selects its position. */
function isPositionTrusted({ config, log }: StartContext, slot: UsableSlot, start: Lsn): boolean {
  const strategy = config['offset.mismatch.strategy'];
  if (slot.confirmed > start && (strategy === 'trust_slot' || strategy === 'trust_greater_lsn')) {
    log.warn(
      { stored: formatLsn(start), slot: formatLsn(slot.confirmed), strategy },
      'changes between the stored position and the replication slot are skipped',
    );
    return false;
  }
  checkPosition(slot, start);
  return true;
}

function requireSlot(slot: UsableSlot | undefined, config: PostgresConfig, start: Lsn): UsableSlot {
  if (slot !== undefined) return slot;
  throw new MillraceError(
    'SOURCE_POSITION_LOST',
    `replication slot ${config['slot.name']} is gone, and with it all changes since ${formatLsn(start)}, the stored ` +
      'position. Set snapshot.mode=when_needed to create it again and read the tables again',
  );
}

const isNever = (mode: string): boolean => mode === 'no_data' || mode === 'never';

export const isLost = (error: unknown): error is MillraceError =>
  error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST';
