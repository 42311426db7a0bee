import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorConfig, TargetState } from '../../../workflows/shared/messages.ts';
import type { Log } from '../../api/index.ts';
import { kindOf, MillraceError, messageOf } from '../../errors.ts';
import type { Control } from './control.ts';

export interface DesiredConnector {
  readonly name: string;
  readonly config: ConnectorConfig;
  /** Target state of a new connector. Default RUNNING. */
  readonly state?: TargetState;
}

export type PutResult = 'created' | 'changed' | 'unchanged';

export interface PutDeps {
  /** Replaces the placeholders of stored secrets in a configuration. */
  resolveSecrets(connector: string, config: ConnectorConfig): Promise<ConnectorConfig>;
  /** True after the worker has connected to Temporal. */
  isReady(): boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Milliseconds between checks of the connection to Temporal. */
const READY_MS = 50;

/**
 * Creates or configures a connector unless it has this configuration already. Retries while Temporal or Kafka are down;
 * rejects with the error of the request, or when the signal aborts.
 */
export async function putConnector(
  control: Pick<Control, 'info' | 'create' | 'configure'>,
  connector: DesiredConnector,
  { resolveSecrets, isReady, log, signal }: PutDeps,
): Promise<PutResult> {
  while (!isReady()) await delay(READY_MS, undefined, { signal });
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await tryPut(control, connector, resolveSecrets);
    } catch (error) {
      if (kindOf(error) !== 'retriable') throw error;
      log.warn({ connector: connector.name, reason: messageOf(error) }, 'connector cannot be created yet; retrying');
    }
    await delay(wait, undefined, { signal });
  }
}

async function tryPut(
  control: Pick<Control, 'info' | 'create' | 'configure'>,
  { name, config, state }: DesiredConnector,
  resolveSecrets: PutDeps['resolveSecrets'],
): Promise<PutResult> {
  const before = await control.info(name).catch(undefinedIf('NOT_FOUND'));
  if (before === undefined) {
    const info = await control.create(name, config, state).catch(undefinedIf('CONFLICT'));
    if (info !== undefined) return 'created';
    // Another worker has created it in the meantime.
    return tryPut(control, { name, config }, resolveSecrets);
  }
  // Lost secrets are stored again by configuring the connector.
  const current = await resolveSecrets(name, before.config).catch(undefinedIf('TASK_CONFIG'));
  if (current !== undefined && sameConfig(current, { ...config, name })) return 'unchanged';
  await control.configure(name, config);
  return 'changed';
}

/** Converts an error with this code to undefined. */
const undefinedIf = (code: MillraceError['code']) => (error: unknown) => {
  if (error instanceof MillraceError && error.code === code) return undefined;
  throw error;
};

const sameConfig = (a: ConnectorConfig, b: ConnectorConfig): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
