import { connectors } from '../../connectors/index.ts';
import type { ConnectorConfig, ConnectorType } from '../../workflows/shared/messages.ts';
import { findConnector } from '../config/connector-config/class-names.ts';
import { plainSecrets, secretKeys } from '../config/secrets/secret-keys.ts';
import { MillraceError } from '../errors.ts';
import type { ControlDeps } from '../temporal/control-client.ts';

/**
 * What can be said of a configuration without a worker: that no secret of it gets into a history, and whether it is a
 * source's or a sink's. Whatever else is wrong the workers find, and the connector's status tells. BAD_REQUEST.
 */
export function preparedFor(given: ConnectorType | undefined): ControlDeps['prepare'] {
  return async (name, config) => {
    const open = secretKeys(config);
    if (open.length > 0) throw new MillraceError('BAD_REQUEST', plainSecrets(name, open));
    return { type: typeOf(config, given), config: { ...config, name } };
  };
}

function typeOf(config: ConnectorConfig, given: ConnectorType | undefined): ConnectorType {
  const className = (config['connector.class'] ?? '').trim();
  if (className === '')
    throw new MillraceError('BAD_REQUEST', 'Connector config contains no connector type: it needs connector.class.');
  const kind = findConnector(connectors, className)?.kind;
  if (kind === undefined && given === undefined)
    throw new MillraceError(
      'BAD_REQUEST',
      `${className} does not come with Millrace: say whether it is a source or a sink with the option type.`,
    );
  if (kind !== undefined && given !== undefined && kind !== given)
    throw new MillraceError('BAD_REQUEST', `${className} is a ${kind}, not a ${given}.`);
  return (kind ?? given) as ConnectorType;
}
