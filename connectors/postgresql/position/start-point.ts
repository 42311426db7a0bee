import type { Log } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { checkRoomForSlot, type Server } from '../catalog/server.ts';
import type { PostgresConfig } from '../config.ts';
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

/** What a task begins with. */
export type StartPoint =
  | (StreamStart & {
      readonly kind: 'stream';
      /** It is what is stored already. */
      readonly stored: boolean;
      /** Nothing was stored: chunks of a former life mean nothing. */
      readonly anew: boolean;
    })
  | (StreamStart & {
      readonly kind: 'snapshot';
      /** Of an interrupted snapshot that is continued; null for a new one. */
      readonly id: string | null;
    });

/** Where the stream begins; of a snapshot, after it. */
export interface StreamStart {
  readonly position: StreamPosition;
  /** The slot sends what it still has before the position, and this compares it; null: it sends from the position on. */
  readonly resume: { readonly from: Lsn; readonly check: ResumeCheck } | null;
}

export interface StartContext {
  readonly sql: Sql;
  readonly server: Server;
  readonly config: PostgresConfig;
  readonly stored: StoredPosition;
  /** Chunks among the stored positions. */
  readonly chunks: readonly StoredPostgresChunk[];
  /** Of this server. */
  readonly identity: LogIdentity;
  readonly applicationName: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  history(timeline: number): Promise<TimelineHistory>;
}

type Stored = Exclude<StoredPosition, { kind: 'none' }>;
type UsableSlot = Slot & { readonly confirmed: Lsn };

/** A slot that a killed predecessor holds is free within this, where the server notices at all. */
const SLOT_WAIT_MS = 15_000;

/** Compares the stored position with log and slot, makes the slot where there is none, and decides what comes first. */
export async function findStartPoint(context: StartContext): Promise<StartPoint> {
  const { config, stored } = context;
  const mode = config['snapshot.mode'];
  if (mode === 'initial_only') return onlySnapshot(context);
  const found = await usable(context);
  if (stored.kind === 'none') return startFresh(context, found, !isNever(mode));
  try {
    await checkLog(context, stored);
    return await resume(context, found, stored);
  } catch (error) {
    if (!isLost(error)) throw error;
    if (mode === 'when_needed') {
      context.log.warn({ reason: error.message }, 'the position is lost: the tables are read anew');
      return startFresh(context, found?.walStatus === 'lost' ? undefined : found, true);
    }
    if (config['offset.mismatch.strategy'] !== 'trust_slot' || stored.kind !== 'stream' || found === undefined)
      throw error;
    context.log.warn({ reason: error.message }, 'the position is lost: reading goes on from the replication slot');
    return { kind: 'stream', ...startAt(found.confirmed), stored: false, anew: true };
  }
}

async function resume(context: StartContext, found: UsableSlot | undefined, stored: Stored): Promise<StartPoint> {
  const mode = context.config['snapshot.mode'];
  // One of Debezium's cannot be continued: as there, the tables are read from the beginning.
  if (stored.kind === 'snapshot' && stored.id === null && !isNever(mode)) return startFresh(context, found, true);
  const start = streamStart(context, found, stored);
  if (stored.kind === 'snapshot') {
    if (isNever(mode)) return { kind: 'stream', ...start, stored: false, anew: true };
    return { kind: 'snapshot', ...start, id: stored.id };
  }
  if (mode === 'always') return { kind: 'snapshot', ...start, id: null };
  const isStored =
    start.position === stored.position && stored.identity !== null && sameLog(context.identity, stored.identity);
  return { kind: 'stream', ...start, stored: isStored, anew: false };
}

/** Without a stream behind it, a snapshot needs no slot, which would hold back log for nobody. */
async function onlySnapshot(context: StartContext): Promise<StartPoint> {
  const { sql, stored } = context;
  if (stored.kind === 'none') return { kind: 'snapshot', ...startAt(await logEnd(sql)), id: null };
  await checkLog(context, stored);
  const start = { position: stored.position, resume: null };
  if (stored.kind === 'stream') return { kind: 'stream', ...start, stored: true, anew: false };
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

/** A lost slot is of no use to anyone: with when_needed it makes room for another. */
async function usable({ sql, config, applicationName, signal, log }: StartContext): Promise<UsableSlot | undefined> {
  const name = config['slot.name'];
  const found = await findSlot(sql, name);
  if (found === undefined) return undefined;
  if (found.walStatus === 'lost' && config['snapshot.mode'] === 'when_needed') {
    log.warn({ slot: name }, 'the replication slot was invalidated, and is dropped');
    await sql.query(`dropping the replication slot ${name}`, 'SELECT pg_drop_replication_slot($1)', [name]);
    return undefined;
  }
  if (found.activePid !== null) {
    const patience = Math.min(SLOT_WAIT_MS, config['slot.max.retries'] * config['slot.retry.delay.ms']);
    await freeSlot(sql, name, applicationName, patience, signal);
    const again = await findSlot(sql, name);
    return again && checkSlot(again, config['database.dbname']);
  }
  return checkSlot(found, config['database.dbname']);
}

async function startFresh(
  context: StartContext,
  found: UsableSlot | undefined,
  snapshot: boolean,
): Promise<StartPoint> {
  const start = startAt(found?.confirmed ?? (await make(context)));
  if (snapshot) return { kind: 'snapshot', ...start, id: null };
  return { kind: 'stream', ...start, stored: false, anew: true };
}

const startAt = (start: Lsn): StreamStart => ({
  position: { start, partial: null, last: null, sequence: null, readAgainUntil: null },
  resume: null,
});

async function make({ sql, server, config, log }: StartContext): Promise<Lsn> {
  checkRoomForSlot(server);
  log.info({ slot: config['slot.name'] }, 'creating the replication slot: it waits for the transactions that run now');
  const start = await createSlot(sql, config['slot.name'], config['slot.failover'], server.version);
  log.info({ slot: config['slot.name'], lsn: formatLsn(start) }, 'replication slot created');
  return start;
}

/** Goes on at the stored position, or at the slot's where it is ahead and that is allowed. */
function streamStart(context: StartContext, found: UsableSlot | undefined, stored: Stored): StreamStart {
  const { position, identity } = stored;
  const slot = needed(found, context.config, position.start);
  if (!trusted(context, slot, position.start)) return startAt(slot.confirmed);
  // Only what Millrace has stored says which transactions must come again.
  if (identity === null) return { position, resume: null };
  const check = new ResumeCheck(position, slot.confirmed);
  return { position, resume: { from: slot.confirmed, check } };
}

/** False: the slot is ahead, and `offset.mismatch.strategy` says to go on from there. */
function trusted({ config, log }: StartContext, slot: UsableSlot, start: Lsn): boolean {
  const strategy = config['offset.mismatch.strategy'];
  if (slot.confirmed > start && (strategy === 'trust_slot' || strategy === 'trust_greater_lsn')) {
    log.warn(
      { stored: formatLsn(start), slot: formatLsn(slot.confirmed), strategy },
      'changes between the stored position and the replication slot are left out',
    );
    return false;
  }
  checkPosition(slot, start);
  return true;
}

function needed(found: UsableSlot | undefined, config: PostgresConfig, start: Lsn): UsableSlot {
  if (found !== undefined) return found;
  throw new MillraceError(
    'SOURCE_POSITION_LOST',
    `replication slot ${config['slot.name']} is gone, and with it all changes since ${formatLsn(start)}, the stored ` +
      'position. Set snapshot.mode=when_needed to make it anew and read the tables again',
  );
}

const isNever = (mode: string): boolean => mode === 'no_data' || mode === 'never';

export const isLost = (error: unknown): error is MillraceError =>
  error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST';
