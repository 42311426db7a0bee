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
 * One frozen broker of several: workers asked the first one that they were connected to, handed over their tasks, and
 * clients waited for it until their requests timed out, although the other brokers answered.
 */

const METADATA = 3;
/** Requests, two a second, in more than the four and a half seconds after which Kafka is lost. */
const REQUESTS = 12;
/** Longer than a broker takes that is not frozen. */
const ANSWER_MS = 1000;

test('Kafka is lost when no broker answers, and not when one of them is frozen', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const [frozen, other] = [
    cleanUp.use(await startKafkaProxy(servers().kafka)),
    cleanUp.use(await startKafkaProxy(servers().kafka)),
  ];
  const seen: string[] = [];
  const clients = [frozen, other].map(({ address }) =>
    kafkaClient({ brokers: [address], clientId: 'contact', requestTimeoutMs: 2000 }, silent),
  );
  for (const client of clients) cleanUp.defer(() => client.close());
  const contact = watchKafka(clients, { lost: () => seen.push('lost'), found: () => seen.push('found') });
  cleanUp.defer(() => contact.close());
  await eventually('a broker is asked', () => frozen.requestCount(METADATA) > 0);
  expect(other.requestCount(METADATA)).toBe(0);

  frozen.cut();
  await eventually('the other one is asked', () => other.requestCount(METADATA) >= REQUESTS);
  expect(seen).toEqual([]);
  other.cut();
  await eventually('Kafka is lost', () => seen.length > 0);
  frozen.restore();
  await eventually('Kafka is found', () => seen.length > 1);
  expect(seen).toEqual(['lost', 'found']);
});

test('a client asks another broker where the first one is frozen, and where one freezes that it is connected to', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const [frozen, other] = [
    cleanUp.use(await startKafkaProxy(servers().kafka)),
    cleanUp.use(await startKafkaProxy(servers().kafka)),
  ];
  const brokers = [frozen.address, other.address];
  // No request times out while the test runs.
  const client = (): KafkaClient => {
    const made = kafkaClient({ brokers, clientId: 'test', requestTimeoutMs: 600_000 }, silent);
    cleanUp.defer(() => made.close());
    return made;
  };
  const connected = client();
  await connected.admin.topics();
  frozen.cut();
  await client().admin.topics();
  await eventually('the client that was connected asks the other broker', () => {
    const answered = connected.admin.topics().then(() => true);
    answered.catch(() => undefined);
    return Promise.race([answered, delay(ANSWER_MS, false)]);
  });
});
