import { expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { clientPool } from '../../../src/kafka/client/client-pool.ts';
import { silent } from '../../../src/observability/silent.ts';

const own = { brokers: ['127.0.0.1:1'], clientId: 'own' };
const other = { ...own, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } } as const;

test('a client is shared by all who have its settings, and made anew when the last one has let go', () => {
  const client = kafkaClient(own, silent);
  const pool = clientPool({ config: own, client }, silent);
  expect(pool.take({ ...own }).client).toBe(client);
  const [first, second] = [pool.take(other), pool.take({ ...other })];
  expect(second.client).toBe(first.client);
  expect(first.client).not.toBe(client);
  const differs = pool.take({ ...other, sasl: { ...other.sasl, password: 'q' } });
  expect(differs.client).not.toBe(first.client);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(pool.take(other).client).toBe(second.client);
  second[Symbol.dispose]();
});

test('a client that checks certificates is not shared with one that does not', () => {
  const pool = clientPool({ config: own, client: kafkaClient(own, silent) }, silent);
  const checked = pool.take({ ...own, ssl: {} });
  expect(pool.take({ ...own, ssl: { checkServerIdentity: () => undefined } }).client).not.toBe(checked.client);
});
