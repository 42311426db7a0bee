import type { ConfigSpec } from '../../../src/api/index.ts';
import { driverParameters, parameterErrors } from '../../../src/databases/driver-parameters.ts';
import { parseDestination } from './destination.ts';

/** Details of a configuration that the values of its keys do not show. */
export interface ExplicitKeys {
  /** Names of the keys that are set, as opposed to defaults. */
  readonly explicitKeys: ReadonlySet<string>;
  /** Driver parameters that are keys of their own (`connection.sslmode`). Those of the URL take precedence. */
  readonly driverParameters: ReadonlyMap<string, string>;
}

export const noExplicitKeys: ExplicitKeys = { explicitKeys: new Set(), driverParameters: new Map() };

/** Adds the explicit keys to the configurations of a spec. withParameters: other keys `connection.*` are driver parameters. */
export function withExplicitKeys<C extends { readonly 'connection.url': string }>(
  spec: ConfigSpec<C>,
  { withParameters }: { readonly withParameters: boolean },
): ConfigSpec<C & ExplicitKeys> {
  return {
    keys: spec.keys,
    check(props) {
      const result = spec.check(props);
      if (result.config === undefined) return { ...result, config: undefined };
      const parameters = withParameters ? driverParameters(props, spec.keys) : new Map<string, string>();
      const url = result.config['connection.url'];
      const errors = parameterErrors(parameters, one => parseDestination(url, one));
      if (errors.size > 0) return { ...result, config: undefined, errors };
      const explicitKeys = new Set(Object.keys(props).filter(name => (props[name] ?? '') !== ''));
      return { ...result, config: { ...result.config, explicitKeys, driverParameters: parameters } };
    },
  };
}
