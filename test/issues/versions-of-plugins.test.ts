import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** An unavailable version of a plugin is rejected wherever it is requested (KIP-891). */
const draw = generator(import.meta.url);
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('versions');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

test.each(['FileStreamSource', 'org.apache.kafka.connect.json.JsonConverter', 'Filter'])(
  'the keys of %s are those of its version',
  async plugin => {
    const keys = (version: string) => worker.call('GET', `/connector-plugins/${plugin}/config?version=${version}`);
    expect(await keys('latest')).toEqual(await worker.call('GET', `/connector-plugins/${plugin}/config`));
    await expect(keys('9.9')).rejects.toThrow(
      new RegExp(
        `400 .*Plugin ${plugin} not found that matches the version range \\[9\\.9,9\\.9\\], available versions: `,
      ),
    );
    await expect(keys('%5B')).rejects.toThrow('400 {"error_code":400,"message":"Invalid version specification: ["}');
  },
);

test.each([
  ['connector.plugin.version', {}],
  ['value.converter.plugin.version', { 'value.converter': 'JsonConverter' }],
  ['transforms.t.plugin.version', { transforms: 't', 'transforms.t.type': 'DropHeaders', 'transforms.t.headers': 'h' }],
  ['predicates.p.plugin.version', { predicates: 'p', 'predicates.p.type': 'RecordIsTombstone' }],
])('%s', async (key, more) => {
  const config = {
    'connector.class': 'FileStreamSource',
    file: join(worker.folder, 'none'),
    topic: draw.topic(),
    ...more,
  };
  const of = (version: string) => worker.create(draw.connectorName(), { ...config, [key]: version });
  await expect(of('9.9')).rejects.toThrow(/400 .*not found that matches the version range \[9\.9,9\.9\]/s);
  await of('[0,9)');
});
