import type { ConfigSpec } from '../../../src/api/index.ts';
import { splitList } from '../../../src/cdc/filter/name-filters.ts';
import type { ConfigOf } from '../../../src/config/spec.ts';
import { defineConfig } from '../../../src/config/spec.ts';
import { connectionKeys } from './connection-keys.ts';
import { eventKeys } from './event-keys.ts';
import { filterKeys } from './filter-keys.ts';
import { snapshotKeys } from './snapshot-keys.ts';
import { tuningKeys } from './tuning-keys.ts';
import { unsupported } from './unsupported.ts';

/** The keys of Debezium's PostgreSQL connector, with its defaults and meanings. */
const keys = {
  ...connectionKeys,
  ...filterKeys,
  ...snapshotKeys,
  ...eventKeys,
  ...tuningKeys,
} as const;

export type PostgresConfig = ConfigOf<typeof keys> & {
  /** snapshot.select.statement.overrides.<schema.table>, by `schema.table`. */
  readonly overrides: ReadonlyMap<string, string>;
};

const OVERRIDES = 'snapshot.select.statement.overrides';

const base = defineConfig(keys, {
  refine: (config, props) => ({
    ...unsupported(props),
    ...bothLists(config, 'schema'),
    ...bothLists(config, 'table'),
    ...bothLists(config, 'column'),
    ...Object.fromEntries(
      config[OVERRIDES]
        .filter(table => !props[`${OVERRIDES}.${table}`])
        .map(table => [`${OVERRIDES}.${table}`, `The statement that selects the rows of ${table} is missing`]),
    ),
  }),
});

type Lists = Readonly<Record<`${'schema' | 'table' | 'column'}.${'include' | 'exclude'}.list`, string | null>>;

function bothLists(config: Lists, kind: 'schema' | 'table' | 'column'): Record<string, string> {
  const [include, exclude] = [config[`${kind}.include.list`], config[`${kind}.exclude.list`]];
  if (!include?.trim() || !exclude?.trim()) return {};
  return { [`${kind}.exclude.list`]: `"${kind}.include.list" is already specified` };
}

export const config: ConfigSpec<PostgresConfig> = {
  keys: base.keys,
  check(props) {
    const { config: read, ...rest } = base.check(props);
    if (read === undefined) return { ...rest, config: undefined };
    const overrides = new Map(
      read[OVERRIDES].map(table => [table, String(props[`${OVERRIDES}.${table}`]).replace(/;\s*$/, '')]),
    );
    return { ...rest, config: { ...read, overrides } };
  },
};

/** Splits `database.initial.statements`. */
export const statements = (text: string | null): string[] => splitList((text ?? '').replaceAll(';;', '\\;'), ';');
