import type { ConfigProps, ConfigSpec } from '../../../src/api/index.ts';
import { type ConfigOf, defineConfig } from '../../../src/config/spec.ts';
import { driverParameters, wrongParameters } from '../../../src/databases/driver-parameters.ts';
import { parseSourceUrl } from './address.ts';
import { connectorKeys } from './connector-keys.ts';
import { contradictions } from './cross-key-errors.ts';
import { databaseKeys, type NumericMapping } from './database-keys.ts';
import { modeKeys } from './mode-keys.ts';

const keys = { ...databaseKeys, ...modeKeys, ...connectorKeys };

export type Keys = ConfigOf<typeof keys>;

/** A task's part of the plan, which stands beside the connector's own keys in its configuration. */
export interface JdbcSourceConfig extends Keys {
  /** Names of this task's tables as plan() gave them; null before. */
  readonly tables: readonly string[] | null;
  /** Tables of other tasks, for the one task that takes on new ones; null for those that do not. */
  readonly otherTables: readonly string[] | null;
  /** validate.non.null=true, in so many words. */
  readonly refuseNullable: boolean;
  /** connection.attempts where it is given; null: without limit. */
  readonly connectionAttempts: number | null;
  /** Parameters of the driver that are keys of their own: `connection.sslmode`. Those of the URL go before them. */
  readonly driverParameters: ReadonlyMap<string, string>;
  /** numeric.mapping, or what the former numeric.precision.mapping makes of it. */
  readonly numericMapping: NumericMapping;
  /** query or query.masked; empty where tables are read. */
  readonly sql: string;
}

const spec = defineConfig(keys, { refine: contradictions });

export const config: ConfigSpec<JdbcSourceConfig> = {
  keys: spec.keys,
  check(props) {
    const read = spec.check(props);
    const parameters = driverParameters(props, spec.keys);
    if (read.config === undefined) return { ...read, config: undefined };
    const url = read.config['connection.url'];
    const errors = wrongParameters(parameters, one => parseSourceUrl(url, one));
    if (errors.size > 0) return { ...read, config: undefined, errors };
    return { ...read, config: { ...read.config, ...derived(read.config, props), driverParameters: parameters } };
  },
};

function derived(read: Keys, props: ConfigProps): Omit<JdbcSourceConfig, keyof Keys | 'driverParameters'> {
  const isGiven = (name: keyof Keys) => (props[name] ?? '') !== '';
  const byPrecision = read['numeric.precision.mapping'] && !isGiven('numeric.mapping');
  return {
    tables: names(props['tables']),
    otherTables: names(props['tables.of.others']),
    refuseNullable: read['validate.non.null'] && isGiven('validate.non.null'),
    connectionAttempts: isGiven('connection.attempts') ? read['connection.attempts'] : null,
    numericMapping: byPrecision ? 'precision_only' : read['numeric.mapping'],
    sql: read.query === '' ? read['query.masked'] : read.query,
  };
}

/** What a plan wrote; anything else is no list. */
function names(json: string | null | undefined): readonly string[] | null {
  try {
    const list: unknown = JSON.parse(json ?? 'null');
    return Array.isArray(list) ? list.map(String) : null;
  } catch {
    return null;
  }
}
