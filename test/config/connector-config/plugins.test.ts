import { expect, test } from 'vitest';
import { pluginRegistry } from '../../../src/plugins.ts';

const plugins = pluginRegistry();

test.each([
  ['io.debezium.connector.postgresql.PostgresConnector', 'io.debezium.connector.postgresql.PostgresConnector'],
  ['PostgresConnector', 'io.debezium.connector.postgresql.PostgresConnector'],
  ['Postgres', 'io.debezium.connector.postgresql.PostgresConnector'],
  ['io.debezium.connector.jdbc.JdbcSinkConnector', 'io.debezium.connector.jdbc.JdbcSinkConnector'],
  ['JdbcSinkConnector', 'io.confluent.connect.jdbc.JdbcSinkConnector'],
  ['JdbcSink', 'io.confluent.connect.jdbc.JdbcSinkConnector'],
  ['Nope', undefined],
])('connector %s', (name, className) => {
  expect(plugins.findConnector(name)?.className).toBe(className);
});

test('every listed class is found by its full and its short name', async () => {
  const all = plugins.list(false);
  expect(new Set(all.map(one => one.type))).toEqual(
    new Set(['source', 'sink', 'converter', 'header_converter', 'transformation', 'predicate']),
  );
  for (const { class: name, type } of all) {
    if (type === 'source' || type === 'sink') continue;
    const short = name.slice(name.lastIndexOf('.') + 1);
    for (const one of [name, short]) expect(await plugins.keys(one), one).toBeInstanceOf(Array);
  }
  expect(plugins.list(true).every(one => one.type === 'source' || one.type === 'sink')).toBe(true);
});

test("keys are those of Connect's answer", async () => {
  expect((await plugins.keys('RegexRouter'))[0]).toMatchObject({
    name: 'regex',
    type: 'STRING',
    required: true,
    default_value: null,
    importance: 'HIGH',
    group: null,
    order_in_group: -1,
    width: 'NONE',
    display_name: 'regex',
    dependents: [],
  });
  await expect(plugins.keys('Nope')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('header converters are not converters of keys or values', async () => {
  const simple = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';
  expect(await plugins.converter(simple, false)).toBeUndefined();
  expect(await plugins.converter(simple, true)).toMatchObject({ className: simple });
  expect(await plugins.converter('Json', false)).toMatchObject({
    className: 'org.apache.kafka.connect.json.JsonConverter',
  });
});
