import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigInfos } from '../../src/config/findings.ts';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** A key of Debezium's that asks for what is not there is refused with another way, and not passed over. */
const draw = generator(import.meta.url);
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('debezium_keys');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

test.each([
  ['event.processing.failure.handling.mode', 'skip', 'fail', /errors\.tolerance/],
  ['event.converting.failure.handling.mode', 'fail', 'warn', /errors\.tolerance/],
  ['snapshot.isolation.mode', 'read_uncommitted', 'serializable', /repeatable-read/],
  ['snapshot.query.mode', 'custom', 'select_all', /snapshot\.select\.statement\.overrides/],
  ['snapshot.locking.mode', 'shared', 'none', /locks no table/],
  ['incremental.snapshot.watermarking.strategy', 'insert_delete', 'INSERT_INSERT', /over the API/],
  ['errors.max.retries', '3', '-1', /retried for as long as it lasts/],
  ['database.include.list', 'other', '', /database\.dbname/],
  ['guardrail.collections.max', '5', '0', /table\.include\.list/],
  ['openlineage.integration.enabled', 'true', 'false', /lineage is not reported/],
  ['max.batch.size', 'many', '2048', /Not a number of type INT/],
])('%s=%s', async (key, refused, taken, way) => {
  const errors = async (value: string): Promise<string> => {
    const config = {
      name: draw.connectorName(),
      'connector.class': 'PostgresConnector',
      'database.hostname': '127.0.0.1',
      'database.port': '1',
      'database.user': 'u',
      'database.password': 'p',
      'database.dbname': draw.schema(),
      'topic.prefix': 'prefix',
      [key]: value,
    };
    const path = '/connector-plugins/PostgresConnector/config/validate';
    const { configs } = await worker.call<ConfigInfos>('PUT', path, config);
    return configs.find(({ definition }) => definition.name === key)?.value.errors.join() ?? '';
  };
  expect(await errors(refused)).toMatch(way);
  expect(await errors(taken)).toBe('');
});
