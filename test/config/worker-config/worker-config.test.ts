import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseProperties } from '../../../src/config/worker-config/properties.ts';
import { readWorkerConfig, storageConfig } from '../../../src/config/worker-config/worker-config.ts';
import { packageFolder } from '../../../src/package-folder.ts';

test('all properties of Kafka Connect are known', () => {
  const text = `
    bootstrap.servers=a:9092,b:9093
    group.id=g
    key.converter=org.apache.kafka.connect.json.JsonConverter
    value.converter=org.apache.kafka.connect.json.JsonConverter
    key.converter.schemas.enable=true
    value.converter.schemas.enable=false
    header.converter=org.apache.kafka.connect.storage.SimpleHeaderConverter
    offset.storage.topic=connect-offsets
    offset.storage.replication.factor=1
    offset.storage.partitions=25
    config.storage.topic=connect-configs
    config.storage.replication.factor=1
    status.storage.topic=connect-status
    status.storage.replication.factor=1
    status.storage.partitions=5
    offset.flush.interval.ms=10000
    listeners=HTTP://:8083
    rest.advertised.host.name=me
    rest.advertised.port=8083
    rest.advertised.listener=http
    plugin.path=/usr/local/share/java,/opt/connectors
    plugin.discovery=hybrid_warn
    exactly.once.source.support=enabled
    topic.creation.enable=true
    task.shutdown.graceful.timeout.ms=5000
    scheduled.rebalance.max.delay.ms=300000
    connector.client.config.override.policy=All
    config.providers=file
    config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
    producer.compression.type=lz4
    consumer.max.poll.records=500
    admin.request.timeout.ms=1000
    security.protocol=SASL_SSL
    sasl.mechanism=PLAIN
    sasl.jaas.config=x
    ssl.truststore.location=/t
    temporal.address=temporal:7233
    temporal.task.queue=q
  `;
  const { config, unknown, errors } = readWorkerConfig(parseProperties(text));
  expect(unknown).toEqual([]);
  expect(errors.size).toBe(0);
  expect(config).toMatchObject({
    'bootstrap.servers': ['a:9092', 'b:9093'],
    'group.id': 'g',
    'offset.storage.replication.factor': 1,
    'temporal.address': 'temporal:7233',
    'temporal.namespace': 'default',
    'topic.creation.enable': true,
  });
});

test.each(['connect-distributed', 'connect-standalone'])('every key of %s.properties is known', async sample => {
  const file = join(packageFolder(), 'test/config/samples', `${sample}.properties`);
  const { config, unknown, errors } = readWorkerConfig(parseProperties(await readFile(file, 'utf8')));
  expect(unknown).toEqual([]);
  expect(Object.fromEntries(errors)).toEqual({});
  expect(config?.['bootstrap.servers']).toEqual(['localhost:9092']);
});

test.each([
  'worker.taks.max',
  'rest.prot',
  'topic.creation.enabled',
  'plugin.paths',
  'client',
  'listener',
  'key.convertor',
])('%s is a typo, not a property of Kafka Connect', key =>
  expect(readWorkerConfig({ [key]: '1' }).unknown).toEqual([key]),
);

test('unknown properties are listed', () => {
  expect(readWorkerConfig({ 'group.id': 'g', 'goup.id': 'x', mystery: 'y' }).unknown).toEqual(['goup.id', 'mystery']);
});

test.each([
  [
    'bootstrap.servers',
    'localhost',
    'Invalid value [localhost] for configuration bootstrap.servers: Expected host:port, or several separated by commas',
  ],
  [
    'bootstrap.servers',
    'a:99999',
    'Invalid value [a:99999] for configuration bootstrap.servers: Expected host:port, or several separated by commas',
  ],
  [
    'temporal.address',
    'http://t:7233/x',
    'Invalid value http://t:7233/x for configuration temporal.address: Expected host:port',
  ],
  ['rest.port', '80800', 'Invalid value 80800 for configuration rest.port: Expected a port, 0 to 65535'],
  [
    'topic.creation.enable',
    'yes',
    'Invalid value yes for configuration topic.creation.enable: Expected value to be either true or false',
  ],
  [
    'offset.storage.partitions',
    'many',
    'Invalid value many for configuration offset.storage.partitions: Not a number of type INT',
  ],
  [
    'exactly.once.source.support',
    'on',
    'Invalid value on for configuration exactly.once.source.support: String must be one of (case insensitive): disabled, preparing, enabled',
  ],
])('%s=%s is rejected with a message', (key, value, message) => {
  const { config, errors } = readWorkerConfig({ [key]: value });
  expect(config).toBeUndefined();
  expect(Object.fromEntries(errors)).toEqual({ [key]: [message] });
});

test.each(['127.0.0.1:9092', '[::1]:9092', 'PLAINTEXT://kafka-1.example.com:9092'])('%s is an address', server => {
  expect(readWorkerConfig({ 'bootstrap.servers': server }).errors.size).toBe(0);
});

test('properties without effect are listed with a description of the behavior', () => {
  const { config, withoutEffect } = readWorkerConfig({
    'rebalance.timeout.ms': '5',
    'retry.backoff.ms': '100',
    'send.buffer.bytes': '9',
  });
  expect(config).toBeDefined();
  expect([...withoutEffect]).toEqual([
    ['rebalance.timeout.ms', expect.stringContaining('without rebalances')],
    ['send.buffer.bytes', expect.stringContaining('operating system')],
  ]);
});

test('unsupported TLS and login properties are rejected without their value', () => {
  const { config, errors } = readWorkerConfig({
    'ssl.cipher.suites': 'A',
    'sasl.login.class': 'my.Login',
    'ssl.protocol': 'SSLv3',
  });
  expect(config).toBeUndefined();
  expect([...errors.keys()].sort()).toEqual(['sasl.login.class', 'ssl.cipher.suites', 'ssl.protocol']);
  expect(JSON.stringify([...errors])).not.toContain('my.Login');
});

test('topics of the worker are configured by properties with their prefix', () => {
  const props = {
    'offset.storage.topic': 't',
    'offset.storage.partitions': '5',
    'offset.storage.replication.factor': '3',
    'offset.storage.cleanup.policy': 'delete',
    'offset.storage.min.insync.replicas': '2',
    'config.storage.segment.bytes': '1048576',
  };
  expect(storageConfig(props, 'offset.storage.')).toEqual({ 'min.insync.replicas': '2' });
  expect(storageConfig(props, 'config.storage.')).toEqual({ 'segment.bytes': '1048576' });
});
