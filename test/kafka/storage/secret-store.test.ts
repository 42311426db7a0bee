import { afterAll, expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { secretStore } from '../../../src/kafka/storage/secret-store.ts';
import { silent } from '../../../src/observability/silent.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
afterAll(() => kafka.close());

test('secrets and long values are replaced by placeholders, restored, and deleted', async () => {
  const topic = uniqueName('secrets');
  const settings = { topic, replicationFactor: 1, cluster: topic };
  const store = secretStore(kafka, settings);
  const config = { name: 'orders', password: 'hunter2', query: 'x'.repeat(200_000), a: '1', b: '2' };
  const sealed = await store.seal('orders', config, { secrets: ['password'], long: ['query'], many: ['a', 'b'] });
  expect(JSON.stringify(sealed)).not.toContain('hunter2');
  expect(sealed['query']?.length).toBeLessThan(200);

  const other = secretStore(kafka, settings);
  expect(await other.unseal('orders', sealed)).toMatchObject({ props: config, secrets: ['hunter2'] });
  expect(await other.reveal('orders', sealed, false)).toEqual({ ...config, password: sealed['password'] });
  expect(await other.reveal('orders', sealed, true)).toEqual(config);
  await expect(other.unseal('another', sealed)).rejects.toMatchObject({ code: 'TASK_CONFIG' });
  expect(await other.seal('orders', config, { secrets: ['password'] }, sealed)).toMatchObject({
    password: sealed['password'],
  });

  await other.forget('orders', sealed);
  await expect(other.unseal('orders', sealed)).rejects.toMatchObject({ code: 'TASK_CONFIG' });
});
