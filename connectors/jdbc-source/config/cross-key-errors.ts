import type { Product } from '../../../src/databases/jdbc-url.ts';
import { parseSourceUrl } from './address.ts';
import type { Keys } from './keys.ts';

/** Mistakes that no key shows by itself, by key. Messages are Confluent's where it has one. */
export const contradictions = (keys: Keys): Record<string, string> => ({
  ...wrongQuery(keys),
  ...wrongLists(keys),
  ...wrongColumns(keys),
  ...wrongForProduct(keys, parseSourceUrl(keys['connection.url']).product),
});

const isQuery = (keys: Keys): boolean => keys.query !== '' || keys['query.masked'] !== '';

const listNames = ['table.whitelist', 'table.blacklist', 'table.include.list', 'table.exclude.list'] as const;
const listsOf = (keys: Keys) => listNames.filter(name => keys[name].length > 0);

function wrongQuery(keys: Keys): Record<string, string> {
  if (!isQuery(keys)) return {};
  const wrong: Record<string, string> = {};
  if (keys.query !== '' && keys['query.masked'] !== '')
    wrong['query.masked'] =
      "Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them.";
  for (const name of listsOf(keys)) wrong[name] = 'query may not be combined with whole-table copying settings.';
  for (const name of ['timestamp.columns.mapping', 'incrementing.column.mapping'] as const)
    if (keys[name].length > 0)
      wrong[name] =
        `${name} is for tables; set ${name.replace('columns', 'column').replace('mapping', 'name')} for a query`;
  if (keys['topic.prefix'] === '') wrong['topic.prefix'] = 'topic.prefix must name the topic of the query';
  return wrong;
}

function wrongLists(keys: Keys): Record<string, string> {
  const lists = listsOf(keys);
  const [first, second] = lists;
  const goTogether = lists.join(' ') === 'table.include.list table.exclude.list';
  return isQuery(keys) || second === undefined || goTogether
    ? {}
    : { [second]: `${second} cannot be specified together with ${first}` };
}

function wrongColumns(keys: Keys): Record<string, string> {
  const wrong: Record<string, string> = {};
  const hasTimes = keys['timestamp.column.name'].length > 0;
  const hasTimeMapping = keys['timestamp.columns.mapping'].length > 0;
  if (keys.mode.startsWith('timestamp') && !hasTimes && !hasTimeMapping)
    wrong['timestamp.column.name'] = `Must specify timestamp.column.name when mode is ${keys.mode}`;
  if (hasTimes && hasTimeMapping)
    wrong['timestamp.columns.mapping'] =
      'timestamp.columns.mapping cannot be specified together with timestamp.column.name';
  if (keys['incrementing.column.name'] !== '' && keys['incrementing.column.mapping'].length > 0)
    wrong['incrementing.column.mapping'] =
      'incrementing.column.mapping cannot be specified together with incrementing.column.name';
  if (isQuery(keys) && keys.mode.endsWith('incrementing') && keys['incrementing.column.name'] === '')
    wrong['incrementing.column.name'] = 'Must specify incrementing.column.name for a query';
  return wrong;
}

const dialects: Readonly<Record<Product, string>> = {
  postgresql: 'PostgreSqlDatabaseDialect',
  mysql: 'MySqlDatabaseDialect',
  mariadb: 'MySqlDatabaseDialect',
};
const tableTypes: Readonly<Record<Product, readonly string[]>> = {
  postgresql: ['TABLE', 'PARTITIONED TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE'],
  mysql: ['TABLE', 'VIEW'],
  mariadb: ['TABLE', 'VIEW'],
};

function wrongForProduct(keys: Keys, product: Product): Record<string, string> {
  const wrong: Record<string, string> = {};
  const dialect = keys['dialect.name'];
  if (dialect !== '' && dialect !== dialects[product])
    wrong['dialect.name'] = `the dialect of ${product} is ${dialects[product]}; leave dialect.name empty`;
  const others = keys['table.types'].filter(type => !tableTypes[product].includes(type.toUpperCase()));
  if (others.length > 0)
    wrong['table.types'] =
      `${others.join(', ')}: on ${product}, must be among ${tableTypes[product].join(', ')}; read others by query`;
  if (product !== 'postgresql' && keys['schema.pattern'] !== null)
    wrong['schema.pattern'] = `${product} has databases and no schemas: set catalog.pattern instead`;
  if (keys['transaction.isolation.mode'] === 'SQL_SERVER_SNAPSHOT')
    wrong['transaction.isolation.mode'] =
      'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect: set REPEATABLE_READ instead';
  return wrong;
}
