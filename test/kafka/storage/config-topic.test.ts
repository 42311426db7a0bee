import { expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { configTopic } from '../../../src/kafka/storage/config-topic.ts';
import { silent } from '../../../src/observability/silent.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

test('follow() receives the records written from then on, in order, until the signal aborts', async () => {
  const topic = uniqueName('config-topic');
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: topic }, silent);
  const configs = configTopic(kafka, { topic, replicationFactor: 1, cluster: topic });
  const stop = new AbortController();
  const records: [string, string | null][] = [];
  const failures: unknown[] = [];
  try {
    await configs.write([['before', 'x']]);
    const following = configs.follow(
      (key, value) => records.push([key, value]),
      stop.signal,
      error => failures.push(error),
    );
    // The reader starts at the end of the topic at some later time: writes until it receives a record.
    const count = await eventually('the first record is received', async () => {
      await configs.write([['probe', '']]);
      return records.length;
    });
    await configs.write([
      ['a', '{"level":"DEBUG"}'],
      ['b', null],
    ]);
    await eventually('the last record is received', () => records.some(([key]) => key === 'b'));
    expect(records.filter(([key]) => key !== 'probe')).toEqual([
      ['a', '{"level":"DEBUG"}'],
      ['b', null],
    ]);
    expect(count).toBeGreaterThan(0);
    stop.abort();
    await following;
    await configs.write([['after', 'x']]);
    expect(records.at(-1)?.[0]).toBe('b');
    expect(failures).toEqual([]);
  } finally {
    stop.abort();
    await kafka.admin.deleteTopics([topic]);
    await kafka.close();
  }
});

test('follow() reports an outage once, and stops during it', async () => {
  const kafka = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'nobody', requestTimeoutMs: 200 }, silent);
  const stop = new AbortController();
  const failures: unknown[] = [];
  const following = configTopic(kafka, { topic: 'none', replicationFactor: 1, cluster: 'none' }).follow(
    () => undefined,
    stop.signal,
    error => failures.push(error),
  );
  await eventually('the error is reported', () => failures.length > 0);
  stop.abort();
  await following;
  expect(failures).toEqual([expect.objectContaining({ code: 'KAFKA_UNAVAILABLE' })]);
  await kafka.close();
});
