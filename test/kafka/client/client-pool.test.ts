import { expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { clientPool } from '../../../src/kafka/client/client-pool.ts';
import { silent } from '../../../src/observability/silent.ts';

const workerConfig = { brokers: ['127.0.0.1:1'], clientId: 'worker' };
const other = { ...workerConfig, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } } as const;

test('leases with equal settings share a client, until the last one is disposed', () => {
  const client = kafkaClient(workerConfig, silent);
  const pool = clientPool({ config: workerConfig, client }, silent);
  expect(pool.acquire({ ...workerConfig }).client).toBe(client);
  const [first, second] = [pool.acquire(other), pool.acquire({ ...other })];
  expect(second.client).toBe(first.client);
  expect(first.client).not.toBe(client);
  const differs = pool.acquire({ ...other, sasl: { ...other.sasl, password: 'q' } });
  expect(differs.client).not.toBe(first.client);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(pool.acquire(other).client).toBe(second.client);
  second[Symbol.dispose]();
});

test('a client that verifies host names is not shared with one that does not', () => {
  const pool = clientPool({ config: workerConfig, client: kafkaClient(workerConfig, silent) }, silent);
  const checked = pool.acquire({ ...workerConfig, ssl: {} });
  expect(pool.acquire({ ...workerConfig, ssl: { checkServerIdentity: () => undefined } }).client).not.toBe(
    checked.client,
  );
});
