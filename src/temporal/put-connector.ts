import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorConfig, TargetState } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/index.ts';
import { kindOf, MillraceError, messageOf } from '../errors.ts';
import type { Control } from './control.ts';

export interface ConnectorWanted {
  readonly name: string;
  readonly config: ConnectorConfig;
  /** Where it has to be made. Default RUNNING. */
  readonly state?: TargetState;
}

export type Put = 'created' | 'changed' | 'unchanged';

export interface PutDeps {
  /** A configuration as it was given, with secrets in the place of their seals. */
  plain(connector: string, config: ConnectorConfig): Promise<ConnectorConfig>;
  /** Whether Temporal has been reached. */
  ready(): boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How often to look whether Temporal has been reached. */
const READY_MS = 50;

/**
 * Sees to it that there is a connector of this configuration; one that has it already is left in peace, whatever it does.
 * Goes on trying for as long as Temporal or Kafka are down; rejects with what a client would be told, or when the signal
 * aborts.
 */
export async function putConnector(
  control: Pick<Control, 'info' | 'create' | 'configure'>,
  wanted: ConnectorWanted,
  { plain, ready, log, signal }: PutDeps,
): Promise<Put> {
  while (!ready()) await delay(READY_MS, undefined, { signal });
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await once(control, wanted, plain);
    } catch (error) {
      if (kindOf(error) !== 'retriable') throw error;
      log.warn({ connector: wanted.name, reason: messageOf(error) }, 'connector cannot be made yet; trying again');
    }
    await delay(wait, undefined, { signal });
  }
}

async function once(
  control: Pick<Control, 'info' | 'create' | 'configure'>,
  { name, config, state }: ConnectorWanted,
  plain: PutDeps['plain'],
): Promise<Put> {
  const before = await control.info(name).catch(unless('NOT_FOUND'));
  if (before === undefined) {
    const made = await control.create(name, config, state).catch(unless('CONFLICT'));
    if (made !== undefined) return 'created';
    // Another worker was quicker.
    return once(control, { name, config }, plain);
  }
  // Secrets that have got lost are given again.
  const held = await plain(name, before.config).catch(unless('TASK_CONFIG'));
  if (held !== undefined && same(held, { ...config, name })) return 'unchanged';
  await control.configure(name, config);
  return 'changed';
}

/** undefined for an error of this code. */
const unless = (code: MillraceError['code']) => (error: unknown) => {
  if (error instanceof MillraceError && error.code === code) return undefined;
  throw error;
};

const same = (a: ConnectorConfig, b: ConnectorConfig): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
