import { any, oneOf, only, type Rule, whole } from './rule.ts';
import { otherLogins } from './unsupported-logins.ts';

const RETRIES = 'requests are repeated after 20 ms at first and 500 ms at most, until request.timeout.ms; remove it';
const METRICS = 'metrics are served at GET /metrics; remove it';
const BUFFERS = 'the size of socket buffers is set in the operating system; remove it';
const TLS = 'TLS is that of Node.js; remove it, or set ssl.enabled.protocols';
const LOGIN =
  'logins are those of sasl.mechanism=PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 with sasl.jaas.config; remove it';

const tls: Readonly<Record<string, Rule>> = {
  'ssl.cipher.suites': only([''], TLS),
  'ssl.enabled.protocols': {
    refuses: value =>
      value.split(',').every(one => ['TLSv1.2', 'TLSv1.3'].includes(one.trim()))
        ? undefined
        : 'it must be TLSv1.2, TLSv1.3 or both, with a comma between',
  },
  'ssl.endpoint.identification.algorithm': only(
    ['https', 'HTTPS', ''],
    'it must be https, or empty to accept a certificate of any host',
  ),
  'ssl.engine.factory.class': only([''], TLS),
  'ssl.key.password': any,
  'ssl.keymanager.algorithm': only(['SunX509', 'PKIX'], TLS),
  'ssl.keystore.certificate.chain': any,
  'ssl.keystore.key': any,
  'ssl.keystore.location': any,
  'ssl.keystore.password': any,
  // The content decides, and only PEM is read.
  'ssl.keystore.type': oneOf(['JKS', 'PKCS12', 'PEM']),
  'ssl.protocol': only(['TLSv1.3', 'TLS'], TLS),
  'ssl.provider': only([''], TLS),
  'ssl.secure.random.implementation': only([''], TLS),
  'ssl.trustmanager.algorithm': only(['PKIX', 'SunX509'], TLS),
  'ssl.truststore.certificates': any,
  'ssl.truststore.location': any,
  'ssl.truststore.password': any,
  'ssl.truststore.type': oneOf(['JKS', 'PKCS12', 'PEM']),
};

const sasl: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(otherLogins).map(([key, value]) => [key, only([value, ''], LOGIN)])),
  'sasl.client.callback.handler.class': only([''], LOGIN),
  'sasl.jaas.config': any,
  'sasl.login.callback.handler.class': only([''], LOGIN),
  'sasl.login.class': only([''], LOGIN),
  'sasl.mechanism': any,
};

/** Settings that the producer, the consumer and the admin client of Kafka have in common. */
export const common: Readonly<Record<string, Rule>> = {
  ...tls,
  ...sasl,
  'auto.include.jmx.reporter': oneOf(['true', 'false']),
  'bootstrap.servers': any,
  'client.dns.lookup': only(
    ['use_all_dns_ips', 'default'],
    'every address of a host name is tried; list canonical names in bootstrap.servers instead',
  ),
  'client.id': any,
  'config.providers': only([''], 'placeholders are resolved by the config.providers of the worker; remove it'),
  'connections.max.idle.ms': only(
    ['540000', '300000', '-1'],
    'a connection stays open for as long as its task uses it; set connections.max.idle.ms of the brokers instead',
  ),
  'enable.metrics.push': oneOf(['true', 'false']),
  'metadata.recovery.rebootstrap.trigger.ms': only(
    ['300000'],
    'bootstrap.servers are tried as soon as no known broker answers; remove it',
  ),
  'metadata.recovery.strategy': only(
    ['rebootstrap'],
    'bootstrap.servers are tried again when no known broker answers; remove it',
  ),
  'metric.reporters': only(['', 'org.apache.kafka.common.metrics.JmxReporter'], METRICS),
  'metrics.num.samples': only(['2'], METRICS),
  'metrics.recording.level': only(['INFO'], METRICS),
  'metrics.sample.window.ms': only(['30000'], METRICS),
  'receive.buffer.bytes': only(['32768', '65536', '-1'], BUFFERS),
  'reconnect.backoff.max.ms': only(['1000'], RETRIES),
  'reconnect.backoff.ms': only(['50'], RETRIES),
  'request.timeout.ms': whole(1),
  'retry.backoff.max.ms': only(['1000'], RETRIES),
  'retry.backoff.ms': only(['100'], RETRIES),
  'security.protocol': any,
  'security.providers': only([''], TLS),
  'send.buffer.bytes': only(['131072', '-1'], BUFFERS),
  'socket.connection.setup.timeout.max.ms': only(
    ['30000'],
    'each attempt to connect has socket.connection.setup.timeout.ms; set that instead',
  ),
  'socket.connection.setup.timeout.ms': whole(1),
};
