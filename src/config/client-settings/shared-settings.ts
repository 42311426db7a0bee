import { anyValue, integerBetween, oneOf, onlyValues, type SettingRule } from './rule.ts';
import { unsupportedLogins } from './unsupported-logins.ts';

const RETRIES = 'requests are retried after 20 ms at first and 500 ms at most, until request.timeout.ms; remove it';
const METRICS = 'metrics are served at GET /metrics; remove it';
const BUFFERS = 'the size of socket buffers is set in the operating system; remove it';
const TLS = 'TLS is that of Node.js; remove it, or set ssl.enabled.protocols';
const LOGIN =
  'the supported logins are sasl.mechanism=PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 with sasl.jaas.config; remove it';

const tls: Readonly<Record<string, SettingRule>> = {
  'ssl.cipher.suites': onlyValues([''], TLS),
  'ssl.enabled.protocols': {
    problemWith: value =>
      value.split(',').every(protocol => ['TLSv1.2', 'TLSv1.3'].includes(protocol.trim()))
        ? undefined
        : 'it must be TLSv1.2, TLSv1.3 or both, separated by a comma',
  },
  'ssl.endpoint.identification.algorithm': onlyValues(
    ['https', 'HTTPS', ''],
    'it must be https, or empty to accept a certificate of any host',
  ),
  'ssl.engine.factory.class': onlyValues([''], TLS),
  'ssl.key.password': anyValue,
  'ssl.keymanager.algorithm': onlyValues(['SunX509', 'PKIX'], TLS),
  'ssl.keystore.certificate.chain': anyValue,
  'ssl.keystore.key': anyValue,
  'ssl.keystore.location': anyValue,
  'ssl.keystore.password': anyValue,
  // The type is detected from the content; only PEM is supported.
  'ssl.keystore.type': oneOf(['JKS', 'PKCS12', 'PEM']),
  'ssl.protocol': onlyValues(['TLSv1.3', 'TLS'], TLS),
  'ssl.provider': onlyValues([''], TLS),
  'ssl.secure.random.implementation': onlyValues([''], TLS),
  'ssl.trustmanager.algorithm': onlyValues(['PKIX', 'SunX509'], TLS),
  'ssl.truststore.certificates': anyValue,
  'ssl.truststore.location': anyValue,
  'ssl.truststore.password': anyValue,
  'ssl.truststore.type': oneOf(['JKS', 'PKCS12', 'PEM']),
};

const sasl: Readonly<Record<string, SettingRule>> = {
  ...Object.fromEntries(Object.entries(unsupportedLogins).map(([key, value]) => [key, onlyValues([value, ''], LOGIN)])),
  'sasl.client.callback.handler.class': onlyValues([''], LOGIN),
  'sasl.jaas.config': anyValue,
  'sasl.login.callback.handler.class': onlyValues([''], LOGIN),
  'sasl.login.class': onlyValues([''], LOGIN),
  'sasl.mechanism': anyValue,
};

/** Settings that Kafka's producer, consumer and admin client share. */
export const sharedSettings: Readonly<Record<string, SettingRule>> = {
  ...tls,
  ...sasl,
  'auto.include.jmx.reporter': oneOf(['true', 'false']),
  'bootstrap.servers': anyValue,
  'client.dns.lookup': onlyValues(
    ['use_all_dns_ips', 'default'],
    'every address of a host name is tried; list canonical names in bootstrap.servers instead',
  ),
  'client.id': anyValue,
  'config.providers': onlyValues([''], 'placeholders are resolved by the config.providers of the worker; remove it'),
  'connections.max.idle.ms': onlyValues(
    ['540000', '300000', '-1'],
    'a connection stays open for as long as its task uses it; set connections.max.idle.ms of the brokers instead',
  ),
  'enable.metrics.push': oneOf(['true', 'false']),
  'metadata.recovery.rebootstrap.trigger.ms': onlyValues(
    ['300000'],
    'bootstrap.servers are tried as soon as no known broker answers; remove it',
  ),
  'metadata.recovery.strategy': onlyValues(
    ['rebootstrap'],
    'bootstrap.servers are tried again when no known broker answers; remove it',
  ),
  'metric.reporters': onlyValues(['', 'org.apache.kafka.common.metrics.JmxReporter'], METRICS),
  'metrics.num.samples': onlyValues(['2'], METRICS),
  'metrics.recording.level': onlyValues(['INFO'], METRICS),
  'metrics.sample.window.ms': onlyValues(['30000'], METRICS),
  'receive.buffer.bytes': onlyValues(['32768', '65536', '-1'], BUFFERS),
  'reconnect.backoff.max.ms': onlyValues(['1000'], RETRIES),
  'reconnect.backoff.ms': onlyValues(['50'], RETRIES),
  'request.timeout.ms': integerBetween(1),
  'retry.backoff.max.ms': onlyValues(['1000'], RETRIES),
  'retry.backoff.ms': onlyValues(['100'], RETRIES),
  'security.protocol': anyValue,
  'security.providers': onlyValues([''], TLS),
  'send.buffer.bytes': onlyValues(['131072', '-1'], BUFFERS),
  'socket.connection.setup.timeout.max.ms': onlyValues(
    ['30000'],
    'each attempt to connect has socket.connection.setup.timeout.ms; set that instead',
  ),
  'socket.connection.setup.timeout.ms': integerBetween(1),
};
