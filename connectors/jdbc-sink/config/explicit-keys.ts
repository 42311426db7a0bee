import type { ConfigSpec } from '../../../src/api/index.ts';
import { driverParameters, wrongParameters } from '../../../src/databases/driver-parameters.ts';
import { parseDestination } from './destination.ts';

/** Parts of a configuration that the values of its keys do not show. */
export interface Given {
  /** Keys that are set, rather than left to their defaults. */
  readonly given: ReadonlySet<string>;
  /** Parameters of the driver that are keys of their own: `connection.sslmode`. Those of the URL go before them. */
  readonly driverParameters: ReadonlyMap<string, string>;
}

export const nothingGiven: Given = { given: new Set(), driverParameters: new Map() };

/** A specification whose configurations hold what is given. withParameters: `connection.*` is the driver's. */
export function withGiven<C extends { readonly 'connection.url': string }>(
  spec: ConfigSpec<C>,
  { withParameters }: { readonly withParameters: boolean },
): ConfigSpec<C & Given> {
  return {
    keys: spec.keys,
    check(props) {
      const read = spec.check(props);
      if (read.config === undefined) return { ...read, config: undefined };
      const parameters = withParameters ? driverParameters(props, spec.keys) : new Map<string, string>();
      const url = read.config['connection.url'];
      const errors = wrongParameters(parameters, one => parseDestination(url, one));
      if (errors.size > 0) return { ...read, config: undefined, errors };
      const given = new Set(Object.keys(props).filter(name => (props[name] ?? '') !== ''));
      return { ...read, config: { ...read.config, given, driverParameters: parameters } };
    },
  };
}
