import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { watchKafka } from '../../src/kafka/client/connectivity.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { startKafkaProxy } from '../support/kafka-proxy.ts';
import { servers } from '../support/servers.ts';

/*
 * One frozen broker of several: workers used to ask only their first connected broker and handed over their tasks, and
 * clients waited for it until their requests timed out, although the other brokers answered.
 */

const METADATA = 3;
/** Requests at two per second, for longer than the four and a half seconds after which Kafka counts as lost. */
const REQUESTS = 12;
/** Longer than a running broker needs to answer. */
const ANSWER_MS = 1000;

test('Kafka counts as lost when no broker answers, not when one of them is frozen', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const [frozen, other] = [
    cleanUp.use(await startKafkaProxy(servers().kafka)),
    cleanUp.use(await startKafkaProxy(servers().kafka)),
  ];
  const requests: string[] = [];
  const clients = [frozen, other].map(({ address }) =>
    kafkaClient({ brokers: [address], clientId: 'contact', requestTimeoutMs: 2000 }, silent),
  );
  for (const client of clients) cleanUp.defer(() => client.close());
  const contact = watchKafka(clients, { lost: () => requests.push('lost'), found: () => requests.push('found') });
  cleanUp.defer(() => contact.close());
  await eventually('a broker receives a request', () => frozen.requestCount(METADATA) > 0);
  expect(other.requestCount(METADATA)).toBe(0);

  frozen.cut();
  await eventually('the other broker receives a request', () => other.requestCount(METADATA) >= REQUESTS);
  expect(requests).toEqual([]);
  other.cut();
  await eventually('Kafka is lost', () => requests.length > 0);
  frozen.restore();
  await eventually('Kafka is available again', () => requests.length > 1);
  expect(requests).toEqual(['lost', 'found']);
});

test('a client uses another broker if the first one is frozen, or if its connected one freezes', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const [frozen, other] = [
    cleanUp.use(await startKafkaProxy(servers().kafka)),
    cleanUp.use(await startKafkaProxy(servers().kafka)),
  ];
  const brokers = [frozen.address, other.address];
  // No request times out during the test.
  const client = (): KafkaClient => {
    const connection = kafkaClient({ brokers, clientId: 'test', requestTimeoutMs: 600_000 }, silent);
    cleanUp.defer(() => connection.close());
    return connection;
  };
  const connected = client();
  await connected.admin.topics();
  frozen.cut();
  await client().admin.topics();
  await eventually('the connected client uses the other broker', () => {
    const answered = connected.admin.topics().then(() => true);
    answered.catch(() => undefined);
    return Promise.race([answered, delay(ANSWER_MS, false)]);
  });
});
