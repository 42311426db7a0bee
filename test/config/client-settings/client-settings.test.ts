import { expect, test } from 'vitest';
import {
  clientRules,
  clientSettings,
  overrideErrors,
  sameBrokers,
  workerClientErrors,
} from '../../../src/config/client-settings/index.ts';
import { readWorkerConfig } from '../../../src/config/worker-config/worker-config.ts';

const worker = {
  'bootstrap.servers': 'a:1, b:2',
  'security.protocol': 'SASL_SSL',
  'sasl.jaas.config': 'of the worker',
  'ssl.keystore.key': 'key of the worker',
  'retry.backoff.ms': '7',
  'producer.compression.type': 'zstd',
  'producer.sasl.jaas.config': "of the worker's producers",
  'consumer.client.id': 'reader',
};

test('settings of a connector override those of the worker, and those with a prefix override those without', () => {
  const settings = clientSettings('source', worker, {
    'producer.override.compression.type': 'lz4',
    'consumer.override.sasl.jaas.config': 'of the connector',
    'producer.compression.type': 'gzip',
  });
  const shared = {
    'bootstrap.servers': 'a:1, b:2',
    'security.protocol': 'SASL_SSL',
    'ssl.keystore.key': 'key of the worker',
  };
  expect(settings).toEqual({
    producer: { ...shared, 'sasl.jaas.config': "of the worker's producers", 'compression.type': 'lz4' },
    consumer: { ...shared, 'sasl.jaas.config': 'of the connector', 'client.id': 'reader' },
    admin: { ...shared, 'sasl.jaas.config': 'of the worker' },
  });
});

test("the worker's credentials are never sent to brokers of a connector", () => {
  const there = { 'producer.override.bootstrap.servers': 'elsewhere:1', 'producer.override.sasl.jaas.config': 'own' };
  const ownBrokers = { 'bootstrap.servers': 'elsewhere:1', 'sasl.jaas.config': 'own' };
  expect(clientSettings('source', worker, there)).toEqual({
    producer: { ...ownBrokers, 'compression.type': 'zstd' },
    consumer: { ...ownBrokers, 'client.id': 'reader' },
    admin: ownBrokers,
  });
  const reader = clientSettings('source', worker, { ...there, 'consumer.override.sasl.jaas.config': 'reads' }).consumer;
  expect(reader).toEqual({ ...ownBrokers, 'client.id': 'reader', 'sasl.jaas.config': 'reads' });
  const sink = clientSettings('sink', worker, there);
  expect(sink.admin).toEqual(ownBrokers);
  expect(sink.consumer).toMatchObject({ 'bootstrap.servers': 'a:1, b:2', 'sasl.jaas.config': 'of the worker' });
  const reads = clientSettings('sink', worker, { 'consumer.override.bootstrap.servers': 'elsewhere:1' });
  expect(reads.consumer).toEqual({ 'bootstrap.servers': 'elsewhere:1', 'client.id': 'reader' });
  expect(reads.producer).toMatchObject({ 'bootstrap.servers': 'a:1, b:2' });
});

test('brokers are compared without order, protocol and case', () => {
  expect(sameBrokers('a:1,b:2', 'PLAINTEXT://B:2 , a:1')).toBe(true);
  expect(sameBrokers('a:1,b:2', 'a:1')).toBe(false);
  const same = { 'producer.override.bootstrap.servers': 'b:2,a:1' };
  expect(clientSettings('source', worker, same).producer['sasl.jaas.config']).toBe("of the worker's producers");
});

test('clients of a source must use the same cluster', () => {
  const errors = (ownBrokers: Record<string, string>) => [...overrideErrors('source', worker, ownBrokers).keys()];
  expect(errors({ 'admin.override.bootstrap.servers': 'c:3' })).toEqual(['admin.override.bootstrap.servers']);
  expect(errors({ 'consumer.override.bootstrap.servers': 'c:3' })).toEqual(['consumer.override.bootstrap.servers']);
  const all = Object.fromEntries(
    ['producer', 'consumer', 'admin'].map(role => [`${role}.override.bootstrap.servers`, 'c:3']),
  );
  expect(errors(all)).toEqual([]);
  expect([...overrideErrors('sink', worker, { 'consumer.override.bootstrap.servers': 'c:3' }).keys()]).toEqual([]);
});

test.each([
  ['producer', 'acks', ['all', '-1'], ['0', '1']],
  ['producer', 'compression.type', ['none', 'GZIP', 'snappy', 'lz4', 'zstd'], ['brotli', '']],
  ['producer', 'linger.ms', ['0', '60000'], ['60001', '-1', '1.5']],
  ['producer', 'enable.idempotence', ['true'], ['false']],
  ['producer', 'partitioner.class', [''], ['org.apache.kafka.clients.producer.RoundRobinPartitioner']],
  ['consumer', 'isolation.level', ['read_committed'], ['read_uncommitted']],
  ['consumer', 'auto.offset.reset', ['earliest', 'LATEST', 'none', 'by_duration:P1D'], ['by_duration:', 'smallest']],
  ['consumer', 'group.protocol', ['classic'], ['consumer']],
  ['consumer', 'session.timeout.ms', ['45000'], ['10000']],
  ['admin', 'ssl.enabled.protocols', ['TLSv1.2', 'TLSv1.2,TLSv1.3'], ['TLSv1.1,TLSv1.2', '']],
] as const)('%s settings: %s', (role, key, accepted, rejected) => {
  const connectorErrors = (value: string) =>
    overrideErrors('sink', worker, { [`${role}.override.${key}`]: value }).size;
  const workerErrors = (value: string) => workerClientErrors({ ...worker, [`${role}.${key}`]: value }).size;
  for (const value of accepted) expect([value, connectorErrors(value), workerErrors(value)]).toEqual([value, 0, 0]);
  for (const value of rejected) expect([value, connectorErrors(value), workerErrors(value)]).toEqual([value, 1, 1]);
});

test('an error contains the setting and its alternative, and no secret', () => {
  const { errors, config } = readWorkerConfig({ 'producer.acks': '1', 'consumer.group.id': 'x' });
  expect(config).toBeUndefined();
  expect(Object.fromEntries(errors)).toEqual({
    'producer.acks': [
      'Invalid value 1 for configuration producer.acks: records are written in transactions, which need acks=all; remove it',
    ],
    'consumer.group.id': [expect.stringContaining('set consumer.override.group.id of a connector')],
  });
  const jaas = Object.values(clientRules)
    .flatMap(rules => Object.keys(rules))
    .filter(key => /password|jaas/.test(key));
  for (const key of jaas)
    expect(
      [...overrideErrors('sink', worker, { [`producer.override.${key}`]: 'a secret' }).values()].join(),
    ).not.toContain('a secret');
});
