import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigInfos } from '../../src/config/connector-config/config-infos.ts';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** A Debezium or Confluent key that requests an unsupported feature is rejected with an alternative, not ignored. */
const draw = generator(import.meta.url);
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('unserved_keys');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

test.each([
  ['event.processing.failure.handling.mode', 'skip', 'fail', /errors\.tolerance/],
  ['event.converting.failure.handling.mode', 'fail', 'warn', /errors\.tolerance/],
  ['snapshot.isolation.mode', 'read_uncommitted', 'serializable', /repeatable-read/],
  ['snapshot.query.mode', 'custom', 'select_all', /snapshot\.select\.statement\.overrides/],
  ['snapshot.locking.mode', 'shared', 'none', /locks no table/],
  ['incremental.snapshot.watermarking.strategy', 'insert_delete', 'INSERT_INSERT', /over the API/],
  ['errors.max.retries', '3', '-1', /retried without a limit/],
  ['database.include.list', 'other', '', /database\.dbname/],
  ['guardrail.collections.max', '5', '0', /table\.include\.list/],
  ['openlineage.integration.enabled', 'true', 'false', /lineage is not reported/],
  ['max.batch.size', 'many', '2048', /Not a number of type INT/],
])('PostgresConnector: %s=%s', async (key, refused, taken, way) => {
  const config = {
    'database.hostname': '127.0.0.1',
    'database.port': '1',
    'database.user': 'u',
    'database.password': 'p',
    'database.dbname': draw.schema(),
    'topic.prefix': 'prefix',
  };
  expect(await errors('PostgresConnector', config, key, refused)).toMatch(way);
  expect(await errors('PostgresConnector', config, key, taken)).toBe('');
});

test.each([
  ['topic.index.map', 'a:b', '', /RegexRouter/],
  ['proxy.port', '3128', '8080', /without a proxy/],
  ['data.stream.namespace', 'shop', '', /external\.resource\.usage=ALIAS_INDEX/],
  ['kerberos.keytab.path', '/etc/keytab', '', /connection\.username/],
  ['log.sensitive.data', 'true', 'false', /errors\.deadletterqueue\.topic\.name/],
  ['elastic.https.ssl.cipher.suites', 'TLS_AES_128_GCM_SHA256', '', /Node\.js/],
])('ElasticsearchSinkConnector: %s=%s', async (key, refused, taken, way) => {
  const config = { 'connection.url': 'http://127.0.0.1:1', topics: draw.topic() };
  expect(await errors('ElasticsearchSinkConnector', config, key, refused)).toMatch(way);
  expect(await errors('ElasticsearchSinkConnector', config, key, taken)).toBe('');
});

/** Validation messages for a key with a value. */
async function errors(plugin: string, config: object, key: string, value: string): Promise<string> {
  const whole = { name: draw.connectorName(), 'connector.class': plugin, ...config, [key]: value };
  const { configs } = await worker.call<ConfigInfos>('PUT', `/connector-plugins/${plugin}/config/validate`, whole);
  return configs.find(({ definition }) => definition.name === key)?.value.errors.join() ?? '';
}
