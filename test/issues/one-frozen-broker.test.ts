import { expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client.ts';
import { watchKafka } from '../../src/kafka/contact.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { startKafkaProxy } from '../support/kafka-proxy.ts';
import { servers } from '../support/servers.ts';

/*
 * Workers asked the first broker that they were connected to. When that one froze, all of them handed over their tasks,
 * although the other brokers answered.
 */

const METADATA = 3;
/** Requests, two a second, in more than the four and a half seconds after which Kafka is lost. */
const REQUESTS = 12;

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
  await eventually('a broker is asked', () => frozen.seen(METADATA) > 0);
  expect(other.seen(METADATA)).toBe(0);

  frozen.cut();
  await eventually('the other one is asked', () => other.seen(METADATA) >= REQUESTS);
  expect(seen).toEqual([]);
  other.cut();
  await eventually('Kafka is lost', () => seen.length > 0);
  frozen.restore();
  await eventually('Kafka is found', () => seen.length > 1);
  expect(seen).toEqual(['lost', 'found']);
});
