import { expect, test } from 'vitest';
import { disallowedOverrides } from '../../../src/config/client-settings/override-policy.ts';

const all = {
  'producer.override.acks': '1',
  'producer.override.sasl.mechanism': 'PLAIN',
  'consumer.override.max.poll.records': '5',
  'consumer.override.sasl.jaas.config': 'x',
  'admin.override.retries': '4',
  'admin.override.security.protocol': 'SSL',
};
const letters = { 'errors.deadletterqueue.topic.name': 'dlq' };
const keysOf = (kind: 'source' | 'sink', policy: string, extra = {}) =>
  [
    ...disallowedOverrides(
      kind,
      { ...all, ...extra },
      {
        'connector.client.config.override.policy': policy,
        'connector.client.config.override.allowlist': 'acks, max.poll.records',
      },
    ).keys(),
  ].sort();

/**
 * Answers of Kafka Connect 4.3.1 to the same configurations. In Millrace a source always has a consumer and an admin client,
 * so the policy also applies to their settings.
 */
test.each([
  ['source', 'All', {}, []],
  ['source', 'None', {}, Object.keys(all).sort()],
  [
    'source',
    'Principal',
    {},
    ['admin.override.retries', 'consumer.override.max.poll.records', 'producer.override.acks'],
  ],
  [
    'source',
    'Allowlist',
    {},
    [
      'admin.override.retries',
      'admin.override.security.protocol',
      'consumer.override.sasl.jaas.config',
      'producer.override.sasl.mechanism',
    ],
  ],
  ['sink', 'None', {}, ['consumer.override.max.poll.records', 'consumer.override.sasl.jaas.config']],
  ['sink', 'Principal', {}, ['consumer.override.max.poll.records']],
  ['sink', 'Allowlist', {}, ['consumer.override.sasl.jaas.config']],
  ['sink', 'None', letters, Object.keys(all).sort()],
  [
    'sink',
    'org.apache.kafka.connect.connector.policy.AllowlistConnectorClientConfigOverridePolicy',
    letters,
    [
      'admin.override.retries',
      'admin.override.security.protocol',
      'consumer.override.sasl.jaas.config',
      'producer.override.sasl.mechanism',
    ],
  ],
] as const)('of a %s the policy %s refuses what it does not allow (%o)', (kind, policy, extra, refused) => {
  expect(keysOf(kind, policy, extra)).toEqual(refused);
});

test("without a policy all settings are allowed, and the message is Kafka Connect's", () => {
  expect(disallowedOverrides('source', all, {}).size).toBe(0);
  expect(
    disallowedOverrides('source', all, { 'connector.client.config.override.policy': 'Principal' }).get(
      'producer.override.acks',
    ),
  ).toBe("The 'Principal' policy does not allow 'acks' to be overridden in the connector configuration.");
});
