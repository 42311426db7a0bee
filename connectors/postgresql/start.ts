import type { Log } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';
import type { PostgresConfig } from './config.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';
import type { StoredPosition, StreamPosition } from './offsets.ts';
import { checkRoomForSlot, type Server } from './server.ts';
import { checkPosition, checkSlot, createSlot, findSlot, freeSlot, type Slot } from './slot.ts';
import type { Sql } from './sql.ts';

/** What a task begins with. */
export type Beginning =
  | {
      readonly kind: 'stream';
      readonly position: StreamPosition;
      /** It is what is stored already. */
      readonly stored: boolean;
      /** Nothing was stored: chunks of a former life mean nothing. */
      readonly anew: boolean;
    }
  | {
      readonly kind: 'snapshot';
      /** The stream begins here behind the snapshot. */
      readonly start: Lsn;
      /** Of an interrupted snapshot that is continued; null for a new one. */
      readonly id: string | null;
    };

export interface StartContext {
  readonly sql: Sql;
  readonly server: Server;
  readonly config: PostgresConfig;
  readonly stored: StoredPosition;
  readonly applicationName: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

type UsableSlot = Slot & { readonly confirmed: Lsn };

/** A slot that a killed predecessor holds is free within this, where the server notices at all. */
const SLOT_WAIT_MS = 15_000;

/** Compares the stored position with the slot, makes the slot where there is none, and decides what comes first. */
export async function begin(context: StartContext): Promise<Beginning> {
  const { config, stored } = context;
  const mode = config['snapshot.mode'];
  if (mode === 'initial_only') return onlySnapshot(context);
  const found = await usable(context);
  if (stored.kind === 'none') return beginAnew(context, found, !isNever(mode));
  try {
    if (stored.kind === 'snapshot') return await continueSnapshot(context, found, stored);
    if (mode === 'always')
      return { kind: 'snapshot', start: needed(found, config, stored.position.start).confirmed, id: null };
    return continueStream(context, found, stored.position);
  } catch (error) {
    if (!isLost(error) || mode !== 'when_needed') throw error;
    context.log.warn({ reason: error.message }, 'the position is lost: the tables are read anew');
    return beginAnew(context, found?.walStatus === 'lost' ? undefined : found, true);
  }
}

/** Without a stream behind it, a snapshot needs no slot, which would hold back log for nobody. */
async function onlySnapshot({ sql, stored }: StartContext): Promise<Beginning> {
  if (stored.kind === 'stream') return { kind: 'stream', position: stored.position, stored: true, anew: false };
  if (stored.kind === 'snapshot') return { kind: 'snapshot', start: stored.start, id: stored.id };
  return { kind: 'snapshot', start: await currentLsn(sql), id: null };
}

/** Where the log ends now. */
export async function currentLsn(sql: Sql): Promise<Lsn> {
  const { lsn } = await sql.one<{ lsn: string }>(
    'asking for the end of the log',
    'SELECT pg_current_wal_lsn()::text AS lsn',
  );
  return parseLsn(lsn);
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

async function beginAnew(context: StartContext, found: UsableSlot | undefined, snapshot: boolean): Promise<Beginning> {
  const start = found?.confirmed ?? (await make(context));
  if (snapshot) return { kind: 'snapshot', start, id: null };
  return { kind: 'stream', position: { start, partial: null }, stored: false, anew: true };
}

async function make({ sql, server, config, log }: StartContext): Promise<Lsn> {
  checkRoomForSlot(server);
  log.info({ slot: config['slot.name'] }, 'creating the replication slot: it waits for the transactions that run now');
  const start = await createSlot(sql, config['slot.name'], config['slot.failover'], server.version);
  log.info({ slot: config['slot.name'], lsn: formatLsn(start) }, 'replication slot created');
  return start;
}

async function continueSnapshot(
  context: StartContext,
  found: UsableSlot | undefined,
  stored: { readonly id: string | null; readonly start: Lsn },
): Promise<Beginning> {
  if (isNever(context.config['snapshot.mode'])) return beginAnew(context, found, false);
  // One of Debezium's cannot be continued: as there, the tables are read from the beginning.
  if (stored.id === null) return beginAnew(context, found, true);
  const slot = needed(found, context.config, stored.start);
  trusted(context, slot, stored.start);
  return { kind: 'snapshot', start: stored.start, id: stored.id };
}

function continueStream(context: StartContext, found: UsableSlot | undefined, position: StreamPosition): Beginning {
  const slot = needed(found, context.config, position.start);
  if (trusted(context, slot, position.start)) return { kind: 'stream', position, stored: true, anew: false };
  return { kind: 'stream', position: { start: slot.confirmed, partial: null }, stored: false, anew: false };
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

const isLost = (error: unknown): error is MillraceError =>
  error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST';
