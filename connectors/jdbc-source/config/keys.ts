import type { ConfigProps, ConfigSpec } from '../../../src/api/index.ts';
import { type ConfigOf, defineConfig } from '../../../src/config/spec.ts';
import { driverParameters, parameterErrors } from '../../../src/databases/driver-parameters.ts';
import { parseSourceUrl } from './address.ts';
import { connectorKeys } from './connector-keys.ts';
import { crossKeyErrors } from './cross-key-errors.ts';
import { databaseKeys, type NumericMapping } from './database-keys.ts';
import { modeKeys } from './mode-keys.ts';

const keys = { ...databaseKeys, ...modeKeys, ...connectorKeys };

export type Keys = ConfigOf<typeof keys>;

/** Configuration with derived values and with a task's part of the plan. */
export interface JdbcSourceConfig extends Keys {
  /** Full names of this task's tables from plan(); null before planning. */
  readonly tables: readonly string[] | null;
  /** Tables of other tasks, for the task that discovers new tables; null for the other tasks. */
  readonly otherTables: readonly string[] | null;
  /** True if validate.non.null=true is set explicitly. */
  readonly rejectNullable: boolean;
  /** connection.attempts if it is set; null: no limit. */
  readonly connectionAttempts: number | null;
  /** Driver parameters that are keys of their own (`connection.sslmode`). Those of the URL take precedence. */
  readonly driverParameters: ReadonlyMap<string, string>;
  /** numeric.mapping, or the value that the deprecated numeric.precision.mapping implies. */
  readonly numericMapping: NumericMapping;
  /** query or query.masked; empty for tables. */
  readonly sql: string;
}

const spec = defineConfig(keys, { refine: crossKeyErrors });

export const config: ConfigSpec<JdbcSourceConfig> = {
  keys: spec.keys,
  check(props) {
    const result = spec.check(props);
    const parameters = driverParameters(props, spec.keys);
    if (result.config === undefined) return { ...result, config: undefined };
    const url = result.config['connection.url'];
    const errors = parameterErrors(parameters, one => parseSourceUrl(url, one));
    if (errors.size > 0) return { ...result, config: undefined, errors };
    return { ...result, config: { ...result.config, ...derived(result.config, props), driverParameters: parameters } };
  },
};

function derived(read: Keys, props: ConfigProps): Omit<JdbcSourceConfig, keyof Keys | 'driverParameters'> {
  const isExplicit = (name: keyof Keys) => (props[name] ?? '') !== '';
  const byPrecision = read['numeric.precision.mapping'] && !isExplicit('numeric.mapping');
  return {
    tables: names(props['tables']),
    otherTables: names(props['tables.of.others']),
    rejectNullable: read['validate.non.null'] && isExplicit('validate.non.null'),
    connectionAttempts: isExplicit('connection.attempts') ? read['connection.attempts'] : null,
    numericMapping: byPrecision ? 'precision_only' : read['numeric.mapping'],
    sql: read.query === '' ? read['query.masked'] : read.query,
  };
}

/** Names from a plan; null for other values. */
function names(json: string | null | undefined): readonly string[] | null {
  try {
    const list: unknown = JSON.parse(json ?? 'null');
    return Array.isArray(list) ? list.map(String) : null;
  } catch {
    return null;
  }
}
