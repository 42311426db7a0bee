import { expect, test } from 'vitest';
import { readTopicCreation } from '../../../src/config/connector-config/topic-creation.ts';

test('the first group that matches a topic determines its settings, else the default group', () => {
  const { creation, errors } = readTopicCreation({
    'topic.creation.groups': 'compacted, wide',
    'topic.creation.default.partitions': '3',
    'topic.creation.default.replication.factor': '2',
    'topic.creation.default.retention.ms': '1000',
    'topic.creation.compacted.include': 'shop\\..*, keys',
    'topic.creation.compacted.exclude': 'shop\\.log',
    'topic.creation.compacted.cleanup.policy': 'compact',
    'topic.creation.wide.include': '.*\\.log',
    'topic.creation.wide.partitions': '24',
  });
  expect(errors.size).toBe(0);
  expect(creation?.settingsOf('shop.orders')).toMatchObject({
    partitions: 3,
    replicationFactor: 2,
    config: { 'cleanup.policy': 'compact' },
  });
  expect(creation?.settingsOf('shop.log')).toMatchObject({ partitions: 24, config: {} });
  expect(creation?.settingsOf('my.keys')).toMatchObject({ partitions: 3, config: { 'retention.ms': '1000' } });
});

test("without settings topics have the broker's defaults", () => {
  expect(readTopicCreation({}).creation?.settingsOf('t')).toEqual({
    partitions: -1,
    replicationFactor: -1,
    config: {},
  });
});

test('errors are reported at their keys', () => {
  const { creation, errors } = readTopicCreation({
    'topic.creation.groups': 'a',
    'topic.creation.default.partitions': 'x',
    'topic.creation.a.replication.factor': '0',
  });
  expect(creation).toBeUndefined();
  expect([...errors.keys()]).toEqual(['topic.creation.default.partitions', 'topic.creation.a.replication.factor']);
});
