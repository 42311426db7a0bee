import { expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { configTopic } from '../../../src/kafka/storage/config-topic.ts';
import { silent } from '../../../src/observability/silent.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

test('who follows hears of what is written from then on, in order, until told to stop', async () => {
  const topic = uniqueName('config-topic');
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: topic }, silent);
  const configs = configTopic(kafka, { topic, replicationFactor: 1, cluster: topic });
  const leaving = new AbortController();
  const heard: [string, string | null][] = [];
  const failures: unknown[] = [];
  try {
    await configs.write([['before', 'x']]);
    const following = configs.follow(
      (key, value) => heard.push([key, value]),
      leaving.signal,
      error => failures.push(error),
    );
    // Where it begins to follow is where the topic ends when it gets there.
    const n = await eventually('it follows', async () => {
      await configs.write([['knock', '']]);
      return heard.length;
    });
    await configs.write([
      ['a', '{"level":"DEBUG"}'],
      ['b', null],
    ]);
    await eventually('it has heard', () => heard.some(([key]) => key === 'b'));
    expect(heard.filter(([key]) => key !== 'knock')).toEqual([
      ['a', '{"level":"DEBUG"}'],
      ['b', null],
    ]);
    expect(n).toBeGreaterThan(0);
    leaving.abort();
    await following;
    await configs.write([['after', 'x']]);
    expect(heard.at(-1)?.[0]).toBe('b');
    expect(failures).toEqual([]);
  } finally {
    leaving.abort();
    await kafka.admin.deleteTopics([topic]);
    await kafka.close();
  }
});

test('one that cannot be reached is told once, and a stop is heeded meanwhile', async () => {
  const kafka = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'nobody', requestTimeoutMs: 200 }, silent);
  const leaving = new AbortController();
  const failures: unknown[] = [];
  const following = configTopic(kafka, { topic: 'none', replicationFactor: 1, cluster: 'none' }).follow(
    () => undefined,
    leaving.signal,
    error => failures.push(error),
  );
  await eventually('it has failed', () => failures.length > 0);
  leaving.abort();
  await following;
  expect(failures).toEqual([expect.objectContaining({ code: 'KAFKA_UNAVAILABLE' })]);
  await kafka.close();
});
