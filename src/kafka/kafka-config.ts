import { pem } from '../config/pem.ts';
import { readConfigFileSync } from '../config/worker-config/config-file.ts';
import { MillraceError, messageOf } from '../errors.ts';
import type { SaslOptions } from './protocol/kafkajs-internals.ts';

/** Connection settings of a cluster. */
export interface KafkaConfig {
  /** `host:port` of one or more brokers; an IPv6 host in brackets. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Enables TLS. */
  readonly ssl?: TlsOptions;
  readonly sasl?: SaslOptions;
  /** Timeout of a request, and of its retries. Default: 30 s. */
  readonly requestTimeoutMs?: number;
  /** Default: 10 s. */
  readonly connectionTimeoutMs?: number;
}

/** Options of node:tls, as PEM text. */
export interface TlsOptions {
  /** Trusted certificates. Default: those of the system. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Default: that of Node.js. */
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** Default: the certificate must be valid for the host. */
  readonly checkServerIdentity?: () => undefined;
}

type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

type Props = Readonly<Record<string, string | null | undefined>>;

const invalid = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);

/** Reads the properties of Kafka's Java clients. Throws CONFIG_INVALID; messages contain no secrets. */
export function kafkaConfigFromProperties(props: Props): KafkaConfig {
  const get = (name: string): string | undefined => {
    const value = props[name]?.trim();
    return value === '' ? undefined : value;
  };
  const protocol = (get('security.protocol') ?? 'PLAINTEXT').toUpperCase();
  const secure = /^(?:(SASL)_)?(?:PLAINTEXT|(SSL))$/.exec(protocol);
  if (secure === null)
    throw invalid(`security.protocol is ${protocol}; it must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.`);
  const requestTimeoutMs = milliseconds('request.timeout.ms', get('request.timeout.ms'));
  const connectionTimeoutMs = milliseconds(
    'socket.connection.setup.timeout.ms',
    get('socket.connection.setup.timeout.ms'),
  );
  return {
    brokers: brokersOf(get('bootstrap.servers')),
    clientId: get('client.id') ?? 'millrace',
    ...(secure[2] === undefined ? {} : { ssl: tlsOf(get, props) }),
    ...(secure[1] === undefined ? {} : { sasl: saslOf(get) }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(connectionTimeoutMs === undefined ? {} : { connectionTimeoutMs }),
  };
}

function brokersOf(text: string | undefined): readonly string[] {
  const brokers = (text ?? '')
    .split(',')
    .map(broker => broker.trim().replace(/^[A-Za-z_]+:\/\//, ''))
    .filter(broker => broker !== '');
  if (brokers.length === 0) throw invalid('bootstrap.servers is missing: set it to host:port of one or more brokers.');
  for (const broker of brokers) {
    const port = /^(?:\[[0-9A-Fa-f:.%]+\]|[^:[\]]+):(\d{1,5})$/.exec(broker)?.[1];
    if (port === undefined || Number(port) < 1 || Number(port) > 65535)
      throw invalid(`bootstrap.servers has "${broker}", which is not host:port.`);
  }
  return brokers;
}

/** Limit of timeouts: Node.js timers with more than 2^31 ms, including additions to the timeout, fire at once. */
const MAX_MS = 1_000_000_000;

function milliseconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,19}$/.test(text) || value < 1)
    throw invalid(`${name} is "${text}", which is not a positive number of milliseconds.`);
  return Math.min(value, MAX_MS);
}

function saslOf(get: (name: string) => string | undefined): SaslOptions {
  const mechanism = get('sasl.mechanism')?.toUpperCase() ?? 'GSSAPI';
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512')
    throw invalid(`sasl.mechanism is ${mechanism}; PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are supported.`);
  const jaas = get('sasl.jaas.config');
  if (jaas === undefined) throw invalid('sasl.jaas.config is missing: it contains the user name and the password.');
  const options = jaasOptions(jaas);
  const username = options.get('username');
  const password = options.get('password');
  if (username === undefined || password === undefined)
    throw invalid(
      'sasl.jaas.config must be like: org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";',
    );
  return { mechanism, username, password };
}

/** Parses the options of a JAAS entry `module flag key="value" …;`. A backslash escapes within quotes, as in Java. */
function jaasOptions(text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const match of text.matchAll(
    /(?<![\w.])([A-Za-z_.][\w.]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/g,
  )) {
    const quoted = match[2] ?? match[3];
    options.set(match[1] ?? '', quoted === undefined ? (match[4] ?? '') : quoted.replace(/\\(.)/g, '$1'));
  }
  return options;
}

function tlsOf(get: (name: string) => string | undefined, props: Props): TlsOptions {
  for (const store of ['keystore', 'truststore'])
    if (get(`ssl.${store}.password`) !== undefined)
      throw invalid(
        `ssl.${store}.password applies to JKS and PKCS12 stores, and only PEM is supported: remove it. For an encrypted key set ssl.key.password.`,
      );
  const ca = pem(get('ssl.truststore.certificates') ?? pemFile(get, 'truststore'));
  // A PEM key store file contains both the key and its certificate chain.
  const store = pemFile(get, 'keystore');
  const key = pem(get('ssl.keystore.key') ?? store);
  const cert = pem(get('ssl.keystore.certificate.chain') ?? store);
  if ((key === undefined) !== (cert === undefined))
    throw invalid('ssl.keystore.key and ssl.keystore.certificate.chain must be set together: one is missing.');
  const passphrase = get('ssl.key.password');
  const versions = get('ssl.enabled.protocols')
    ?.split(',')
    .map(version => version.trim())
    .sort();
  // An empty ssl.endpoint.identification.algorithm disables host name verification, as in Kafka's clients.
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(versions === undefined ? {} : { minVersion: tlsVersion(versions[0]), maxVersion: tlsVersion(versions.at(-1)) }),
    ...(props['ssl.endpoint.identification.algorithm']?.trim() === '' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function tlsVersion(text: string | undefined): TlsVersion {
  if (text === 'TLSv1.2' || text === 'TLSv1.3') return text;
  throw invalid(`ssl.enabled.protocols has "${text}"; TLSv1.2 and TLSv1.3 are supported.`);
}

function pemFile(get: (name: string) => string | undefined, store: 'truststore' | 'keystore'): string | undefined {
  const name = `ssl.${store}.location`;
  const path = get(name);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readConfigFileSync(path).toString('latin1');
  } catch (error) {
    throw invalid(`${name} cannot be read: ${messageOf(error)}`);
  }
  if (!text.includes('-----BEGIN '))
    throw invalid(
      `${name} is ${path}, which is not PEM. Convert a JKS or PKCS12 store (keytool -importkeystore … -deststoretype PKCS12, then openssl pkcs12 -in … -out ….pem) and set ssl.${store}.type=PEM.`,
    );
  return text;
}
