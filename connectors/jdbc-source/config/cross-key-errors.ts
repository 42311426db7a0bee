import type { Product } from '../../../src/databases/jdbc-url.ts';
import { parseSourceUrl } from './address.ts';
import type { Keys } from './keys.ts';

/** Errors of combinations of keys, by key. Messages are Confluent's where it has them. */
export const crossKeyErrors = (keys: Keys): Record<string, string> => ({
  ...queryErrors(keys),
  ...listErrors(keys),
  ...columnErrors(keys),
  ...productErrors(keys, parseSourceUrl(keys['connection.url']).product),
});

const isQuery = (keys: Keys): boolean => keys.query !== '' || keys['query.masked'] !== '';

const listNames = ['table.whitelist', 'table.blacklist', 'table.include.list', 'table.exclude.list'] as const;
const listsOf = (keys: Keys) => listNames.filter(name => keys[name].length > 0);

function queryErrors(keys: Keys): Record<string, string> {
  if (!isQuery(keys)) return {};
  const errors: Record<string, string> = {};
  if (keys.query !== '' && keys['query.masked'] !== '')
    errors['query.masked'] =
      "Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them.";
  for (const name of listsOf(keys)) errors[name] = 'query may not be combined with whole-table copying settings.';
  for (const name of ['timestamp.columns.mapping', 'incrementing.column.mapping'] as const)
    if (keys[name].length > 0)
      errors[name] =
        `${name} applies to tables; set ${name.replace('columns', 'column').replace('mapping', 'name')} for a query`;
  if (keys['topic.prefix'] === '') errors['topic.prefix'] = 'topic.prefix must be the name of the topic of the query';
  return errors;
}

function listErrors(keys: Keys): Record<string, string> {
  const lists = listsOf(keys);
  const [first, second] = lists;
  const isIncludeExclude = lists.join(' ') === 'table.include.list table.exclude.list';
  return isQuery(keys) || second === undefined || isIncludeExclude
    ? {}
    : { [second]: `${second} cannot be specified together with ${first}` };
}

function columnErrors(keys: Keys): Record<string, string> {
  const errors: Record<string, string> = {};
  const hasTimes = keys['timestamp.column.name'].length > 0;
  const hasTimeMapping = keys['timestamp.columns.mapping'].length > 0;
  if (keys.mode.startsWith('timestamp') && !hasTimes && !hasTimeMapping)
    errors['timestamp.column.name'] = `Must specify timestamp.column.name when mode is ${keys.mode}`;
  if (hasTimes && hasTimeMapping)
    errors['timestamp.columns.mapping'] =
      'timestamp.columns.mapping cannot be specified together with timestamp.column.name';
  if (keys['incrementing.column.name'] !== '' && keys['incrementing.column.mapping'].length > 0)
    errors['incrementing.column.mapping'] =
      'incrementing.column.mapping cannot be specified together with incrementing.column.name';
  if (isQuery(keys) && keys.mode.endsWith('incrementing') && keys['incrementing.column.name'] === '')
    errors['incrementing.column.name'] = 'Must specify incrementing.column.name for a query';
  return errors;
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

function productErrors(keys: Keys, product: Product): Record<string, string> {
  const errors: Record<string, string> = {};
  const dialect = keys['dialect.name'];
  if (dialect !== '' && dialect !== dialects[product])
    errors['dialect.name'] = `the dialect of ${product} is ${dialects[product]}; leave dialect.name empty`;
  const others = keys['table.types'].filter(type => !tableTypes[product].includes(type.toUpperCase()));
  if (others.length > 0)
    errors['table.types'] =
      `${others.join(', ')}: on ${product}, must be among ${tableTypes[product].join(', ')}; read other relations with a query`;
  if (product !== 'postgresql' && keys['schema.pattern'] !== null)
    errors['schema.pattern'] = `${product} has databases and no schemas: set catalog.pattern instead`;
  if (keys['transaction.isolation.mode'] === 'SQL_SERVER_SNAPSHOT')
    errors['transaction.isolation.mode'] =
      'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect: set REPEATABLE_READ instead';
  return errors;
}
