import { describe, expect, test } from 'vitest';
import { connectors } from '../../../connectors/index.ts';
import type { ConfigProps, ConfigSpec } from '../../../src/api/index.ts';
import { type ClientRole, clientRules } from '../../../src/config/client-settings/index.ts';
import { sinkConnectorConfig, sourceConnectorConfig } from '../../../src/config/connector-config/connector-config.ts';
import { readWorkerConfig, workerConfig } from '../../../src/config/worker-config/worker-config.ts';
import { pluginRegistry } from '../../../src/plugins.ts';
import { confluent, type DocumentedKey, reference } from './reference.ts';

// Every documented key takes effect, or a value other than its default is rejected with a message that contains the key.

/** A value other than the default. */
function otherValue({ type, value }: DocumentedKey): string {
  if (type === 'BOOLEAN') return value === 'true' ? 'false' : 'true';
  return ['INT', 'LONG', 'SHORT', 'DOUBLE'].includes(type)
    ? String(Math.floor(Number(value)) + 7)
    : 'org.example.Other';
}

describe.each(['producer', 'consumer', 'admin'] satisfies ClientRole[])('settings of a %s', role => {
  const rules = new Map(Object.entries(clientRules[role]));
  const keys = reference.get(role) ?? [];
  /** Keys whose default differs: Kafka Connect sets another value, or exactly-once requires one. */
  const otherDefaults = ['enable.auto.commit', 'isolation.level'];

  test('are the known settings, except one of Kafka 3', () => {
    const current = [...rules.keys()].filter(key => key !== 'auto.include.jmx.reporter');
    expect(current.sort()).toEqual(keys.map(({ key }) => key).sort());
  });

  test('are accepted with their defaults', () => {
    const rejected = keys.filter(({ key, value }) => value !== '' && rules.get(key)?.problemWith(value) !== undefined);
    expect(rejected.map(({ key }) => key).filter(key => !otherDefaults.includes(key))).toEqual([]);
  });

  test('are rejected with a reason that states the alternative', () => {
    for (const each of keys) {
      const reason = rules.get(each.key)?.problemWith(otherValue(each));
      if (reason !== undefined)
        expect(reason, each.key).toMatch(/remove it|instead|it must be|set |not allowed|restart it/);
    }
  });
});

test('the properties of a worker', () => {
  const served = new Set(workerConfig.keys.map(({ name }) => name));
  const silent = (reference.get('worker') ?? []).filter(each => {
    const { errors, withoutEffect: ineffective, unknown } = readWorkerConfig({ [each.key]: otherValue(each) });
    expect(unknown).toEqual([]);
    return !served.has(each.key) && !errors.has(each.key) && !ineffective.has(each.key);
  });
  /** Properties of the REST API, of headers, and of the worker's connection to Kafka. */
  const usedElsewhere =
    /^(access\.control|admin\.listeners|client\.id|header\.converter$|request\.timeout|response\.http|rest\.|s(asl|sl|ecurity|ocket)\.|status\.storage\.topic)/;
  expect(silent.map(({ key }) => key).filter(key => !usedElsewhere.test(key))).toEqual([]);
  const defaults = (reference.get('worker') ?? []).filter(({ value }) => value !== '');
  const { errors, withoutEffect: ineffective } = readWorkerConfig(
    Object.fromEntries(defaults.map(({ key, value }) => [key, value])),
  );
  expect([...errors.keys(), ...ineffective.keys()]).toEqual([]);
});

const plugins = pluginRegistry();
const minimal: Readonly<Record<string, ConfigProps>> = {
  'io.debezium.connector.postgresql.PostgresConnector': {
    'database.hostname': 'h',
    'database.user': 'u',
    'database.password': 'p',
    'database.dbname': 'd',
    'topic.prefix': 't',
  },
  'io.debezium.connector.jdbc.JdbcSinkConnector': { 'connection.url': 'jdbc:postgresql://h/d' },
  'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector': { 'connection.url': 'http://h:9200' },
  'io.confluent.connect.jdbc.JdbcSinkConnector': { 'connection.url': 'jdbc:postgresql://h/d' },
  'io.confluent.connect.jdbc.JdbcSourceConnector': {
    'connection.url': 'jdbc:postgresql://h/d',
    'topic.prefix': 't',
    mode: 'bulk',
  },
};

async function specOf(component: string): Promise<ConfigSpec<unknown> | undefined> {
  const connector = plugins.findConnector(component);
  if (connector !== undefined) return (await connector.load({ files: { check: () => undefined } as never })).config;
  const entry =
    (await plugins.transform(component)) ??
    (await plugins.predicate(component)) ??
    (await plugins.converter(component, true));
  return entry?.config;
}

const documented = new Map([...reference, ...confluent]);
const components = [...documented.keys()].filter(name => /\./.test(name));

test.each(components)('the keys of %s', async component => {
  const spec = await specOf(component);
  expect(spec).toBeDefined();
  const kind = connectors.find(({ className }) => className === component)?.kind;
  const common = kind === undefined ? [] : (kind === 'source' ? sourceConnectorConfig : sinkConnectorConfig).keys;
  const served = new Set([...(spec?.keys ?? []), ...common].flatMap(key => [key.name, ...(key.formerNames ?? [])]));
  const props = minimal[component] ?? {};
  const silent = (documented.get(component) ?? []).filter(each => {
    if (served.has(each.key)) return false;
    const { errors } = spec?.check({ ...props, [each.key]: otherValue(each) }) ?? { errors: new Map() };
    return !errors.has(each.key);
  });
  expect(silent.map(({ key }) => key)).toEqual([]);
  const rejected = (documented.get(component) ?? []).filter(({ key, value }) => {
    if (served.has(key) || value === '') return false;
    return spec?.check({ ...props, [key]: value }).errors.has(key);
  });
  expect(rejected.map(({ key }) => key)).toEqual([]);
});
