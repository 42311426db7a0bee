import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { kafkaConfigFromProperties } from '../../src/kafka/kafka-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const servers = { 'bootstrap.servers': 'a:9092' };
const body = 'MIIB'.repeat(40);
const certificate = `-----BEGIN CERTIFICATE-----\n${(body.match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
const key = certificate.replaceAll('CERTIFICATE', 'PRIVATE KEY');

describe('the properties of Kafka’s clients', () => {
  test('bootstrap.servers may have spaces, listener names and brackets', () => {
    const read = kafkaConfigFromProperties({
      'bootstrap.servers': ' a:9092, PLAINTEXT://b.example:9093 ,[::1]:9094',
      'client.id': 'me',
      'request.timeout.ms': '5000',
    });
    expect(read).toEqual({
      brokers: ['a:9092', 'b.example:9093', '[::1]:9094'],
      clientId: 'me',
      requestTimeoutMs: 5000,
    });
  });

  test('timeouts are limited to what a timer supports', () => {
    const read = kafkaConfigFromProperties({ ...servers, 'request.timeout.ms': '2147483647' });
    expect(read.requestTimeoutMs).toBe(1_000_000_000);
  });

  test.each([
    [
      'PLAIN',
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p;w=\\"1\\"";',
      'p;w="1"',
    ],
    [
      'SCRAM-SHA-512',
      "org.apache.kafka.common.security.scram.ScramLoginModule required\n username='u'\n password='p\\\\w';",
      'p\\w',
    ],
    ['SCRAM-SHA-256', 'x.ScramLoginModule required password=plain username=u;', 'plain'],
  ])('SASL mechanism %s', (mechanism, jaas, password) => {
    const props = {
      ...servers,
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': jaas,
    };
    const { sasl, ssl } = kafkaConfigFromProperties(props);
    expect(sasl).toEqual({ mechanism, username: 'u', password });
    expect(ssl).toBeUndefined();
  });

  test('SASL and TLS are left out unless security.protocol names them', () => {
    const props = { ...servers, 'sasl.mechanism': 'PLAIN', 'ssl.truststore.location': '/nowhere' };
    expect(kafkaConfigFromProperties(props)).toEqual({ brokers: ['a:9092'], clientId: 'millrace' });
  });

  test('certificates may be text, on one line or with escaped line breaks', () => {
    for (const text of [certificate, certificate.replaceAll('\n', ' '), certificate.replaceAll('\n', '\\n')]) {
      const props = { ...servers, 'security.protocol': 'SSL', 'ssl.truststore.certificates': text };
      expect(kafkaConfigFromProperties(props).ssl?.ca?.trim()).toBe(certificate.trim());
    }
  });

  test('certificates and keys may be PEM files', () => {
    const trusted = join(folder, 'trusted.pem');
    const keystore = join(folder, 'keystore.pem');
    writeFileSync(trusted, certificate);
    writeFileSync(keystore, key + certificate);
    const { ssl } = kafkaConfigFromProperties({
      ...servers,
      'security.protocol': 'SSL',
      'ssl.truststore.location': trusted,
      'ssl.keystore.location': keystore,
      'ssl.key.password': 'secret',
    });
    expect(ssl?.ca).toContain('BEGIN CERTIFICATE');
    expect(ssl?.key).toContain('BEGIN PRIVATE KEY');
    expect(ssl?.cert).toContain('BEGIN CERTIFICATE');
    expect(ssl?.passphrase).toBe('secret');
    expect(ssl?.checkServerIdentity).toBeUndefined();
  });

  test('an empty ssl.endpoint.identification.algorithm disables host name verification', () => {
    const props = { ...servers, 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': '' };
    expect(kafkaConfigFromProperties(props).ssl?.checkServerIdentity?.()).toBeUndefined();
    expect(kafkaConfigFromProperties(props).ssl).toHaveProperty('checkServerIdentity');
    const other = { ...props, 'ssl.endpoint.identification.algorithm': 'https' };
    expect(kafkaConfigFromProperties(other).ssl).not.toHaveProperty('checkServerIdentity');
  });

  const binary = join(folder, 'store.jks');
  writeFileSync(binary, Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]));
  test.each([
    [{}, /bootstrap\.servers is missing/],
    [{ 'bootstrap.servers': 'host' }, /"host", which is not host:port/],
    [{ 'bootstrap.servers': 'host:99999' }, /not host:port/],
    [{ ...servers, 'security.protocol': 'TLS' }, /security\.protocol is TLS/],
    [{ ...servers, 'request.timeout.ms': 'soon' }, /request\.timeout\.ms is "soon"/],
    [{ ...servers, 'security.protocol': 'SASL_SSL' }, /sasl\.mechanism is GSSAPI/],
    [{ ...servers, 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, /sasl\.jaas\.config is missing/],
    [{ ...servers, 'security.protocol': 'SSL', 'ssl.truststore.location': join(folder, 'none') }, /cannot be read/],
    [{ ...servers, 'security.protocol': 'SSL', 'ssl.truststore.location': binary }, /not PEM/],
    [{ ...servers, 'security.protocol': 'SSL', 'ssl.keystore.key': key }, /must be set together/],
  ])('invalid properties are rejected with a message: %#', (props, message) => {
    expect(() => kafkaConfigFromProperties(props)).toThrow(message);
  });

  test('messages contain no password', () => {
    const props = {
      ...servers,
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': 'PlainLoginModule required usrname="u" password="hunter2";',
    };
    expect(() => kafkaConfigFromProperties(props)).toThrow(expect.not.stringContaining('hunter2'));
  });
});
