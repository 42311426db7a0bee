import { readFileSync } from 'node:fs';
import { pem } from '../config/pem.ts';
import { MillraceError, messageOf } from '../errors.ts';
import type { SaslOptions } from './kafkajs-internals.ts';

/** How to reach a cluster. */
export interface KafkaConfig {
  /** `host:port` of some of the brokers; an IPv6 host in brackets. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Given: TLS. */
  readonly ssl?: TlsOptions;
  readonly sasl?: SaslOptions;
  /** How long to wait for an answer, and for what is tried again to succeed; 30 s. */
  readonly requestTimeoutMs?: number;
  /** 10 s. */
  readonly connectionTimeoutMs?: number;
}

/** What node:tls takes, PEM text throughout. */
export interface TlsOptions {
  /** Trusted certificates; left out: the system's. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Left out: the certificate must be for the host connected to. */
  readonly checkServerIdentity?: () => undefined;
}

type Props = Readonly<Record<string, string | null | undefined>>;

const invalid = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);

/**
 * Reads the properties of Kafka's Java clients. prefixes: where to look, the first that has a key wins, such as
 * `['producer.', '']`. Throws CONFIG_INVALID with a sentence; never tells a secret.
 */
export function kafkaConfigFromProperties(props: Props, prefixes: readonly string[] = ['']): KafkaConfig {
  const get = (name: string): string | undefined => {
    for (const prefix of prefixes) {
      const value = props[prefix + name]?.trim();
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
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
    ...(secure[2] === undefined ? {} : { ssl: tlsOf(get, props, prefixes) }),
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
  if (brokers.length === 0) throw invalid('bootstrap.servers is missing: give host:port of one or more brokers.');
  for (const broker of brokers) {
    const port = /^(?:\[[0-9A-Fa-f:.%]+\]|[^:[\]]+):(\d{1,5})$/.exec(broker)?.[1];
    if (port === undefined || Number(port) < 1 || Number(port) > 65535)
      throw invalid(`bootstrap.servers has "${broker}", which is not host:port.`);
  }
  return brokers;
}

function milliseconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(`${name} is "${text}", which is not a number of ms.`);
  return value;
}

function saslOf(get: (name: string) => string | undefined): SaslOptions {
  const mechanism = get('sasl.mechanism')?.toUpperCase() ?? 'GSSAPI';
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512')
    throw invalid(`sasl.mechanism is ${mechanism}; PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are supported.`);
  const jaas = get('sasl.jaas.config');
  if (jaas === undefined) throw invalid('sasl.jaas.config is missing: it holds the user name and the password.');
  const options = jaasOptions(jaas);
  const username = options.get('username');
  const password = options.get('password');
  if (username === undefined || password === undefined)
    throw invalid(
      'sasl.jaas.config must be like: org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";',
    );
  return { mechanism, username, password };
}

/** Options of a JAAS entry `module flag key="value" …;`; backslash escapes within quotes, as Java reads them. */
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

function tlsOf(get: (name: string) => string | undefined, props: Props, prefixes: readonly string[]): TlsOptions {
  const ca = pem(get('ssl.truststore.certificates') ?? pemFile(get, 'truststore'));
  // A PEM key store in one file holds both the key and its chain of certificates.
  const store = pemFile(get, 'keystore');
  const key = pem(get('ssl.keystore.key') ?? store);
  const cert = pem(get('ssl.keystore.certificate.chain') ?? store);
  if ((key === undefined) !== (cert === undefined))
    throw invalid('ssl.keystore.key and ssl.keystore.certificate.chain belong together: one is missing.');
  const passphrase = get('ssl.key.password');
  // Present and empty turns the check of the host name off, as for Kafka's own clients.
  const checked = prefixes.map(prefix => props[`${prefix}ssl.endpoint.identification.algorithm`]).find(v => v != null);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(checked?.trim() === '' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function pemFile(get: (name: string) => string | undefined, store: 'truststore' | 'keystore'): string | undefined {
  const name = `ssl.${store}.location`;
  const path = get(name);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw invalid(`${name} cannot be read: ${messageOf(error)}`);
  }
  if (!text.includes('-----BEGIN '))
    throw invalid(
      `${name} is ${path}, which is not PEM. Convert a JKS or PKCS12 store (keytool -importkeystore … -deststoretype PKCS12, then openssl pkcs12 -in … -out ….pem) and set ssl.${store}.type=PEM.`,
    );
  return text;
}
