import { connectors } from '../../connectors/index.ts';
import type { ConnectorConfig, ConnectorType } from '../../workflows/shared/messages.ts';
import { findConnector } from '../config/connector-config/class-names.ts';
import { plainSecretsMessage, secretKeys } from '../config/secrets/secret-keys.ts';
import { MillraceError } from '../errors.ts';
import type { ControlDeps } from '../temporal/control/control-client.ts';

/**
 * Admission without a worker: rejects secrets in plain text, which would get into the history, and finds the connector's
 * type. The workers check the rest; the connector's status shows their errors. BAD_REQUEST.
 */
export function admitFor(type: ConnectorType | undefined): ControlDeps['admit'] {
  return async (name, config) => {
    const plainKeys = secretKeys(config);
    if (plainKeys.length > 0) throw new MillraceError('BAD_REQUEST', plainSecretsMessage(name, plainKeys));
    return { type: typeOf(config, type), config: { ...config, name } };
  };
}

function typeOf(config: ConnectorConfig, type: ConnectorType | undefined): ConnectorType {
  const className = (config['connector.class'] ?? '').trim();
  if (className === '')
    throw new MillraceError('BAD_REQUEST', 'Connector config contains no connector type: it needs connector.class.');
  const kind = findConnector(connectors, className)?.kind;
  if (kind === undefined && type === undefined)
    throw new MillraceError(
      'BAD_REQUEST',
      `${className} is not a connector of Millrace: set the option type to source or sink.`,
    );
  if (kind !== undefined && type !== undefined && kind !== type)
    throw new MillraceError('BAD_REQUEST', `${className} is a ${kind}, not a ${type}.`);
  return (kind ?? type) as ConnectorType;
}
