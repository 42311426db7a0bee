import type { ConnectorConfig } from '../../workflows/shared/messages.ts';
import type { Log, PlanContext } from '../api/index.ts';
import type { Redaction } from '../config/secrets/redaction.ts';
import { secretKeys } from '../config/secrets/secret-keys.ts';
import type { CheckDeps } from './check-config.ts';
import { loadConnector, resolveConfig } from './components.ts';
import type { OpenServices } from './services.ts';

export interface OperationDeps extends CheckDeps {
  readonly open: OpenServices;
  readonly log: Log;
  /** Stores the values of keys as secrets of the connector; returns the configuration with placeholders in their place. */
  offload(connector: string, config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** Deletes the secrets whose placeholders a connector's configuration contains. Idempotent. */
  deleteSecrets(connector: string, config: ConnectorConfig): Promise<void>;
  /** Redacts the log of clients that all tasks share. Receives the secrets that may appear in names of topics. */
  readonly namesRedaction: Redaction;
}

export interface OperationContext {
  readonly signal: AbortSignal;
  /** See CurrentAttempt.confirm. */
  readonly confirm: () => Promise<void> | undefined;
  /** Receives the secrets of the configuration before any other server is contacted. */
  readonly redact: Redaction;
  /** Redacts names, which may contain a short secret by chance. Receives only secrets that may appear in names. */
  readonly redactNames: Redaction;
}

/** Loads the connector and resolves its configuration; `redact` receives the secrets before any server is contacted. */
export async function openConnector(deps: OperationDeps, name: string, config: ConnectorConfig, redact: Redaction) {
  const { connector } = await loadConnector(deps, config);
  const { props, clients, secrets, nameSecrets } = await resolveConfig(deps, name, config, connector.config.keys);
  redact.add(secrets);
  redact.add(secretKeys(props, connector.config.keys).map(key => props[key] ?? ''));
  return { connector, props, clients, nameSecrets };
}

export const contextOf = ({ log }: OperationDeps, { redact, signal }: OperationContext): PlanContext => ({
  // Connectors log messages of servers, which may contain secrets.
  log: redact.log(log),
  signal,
});
