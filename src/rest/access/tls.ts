import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createSecureContext, type SecureVersion } from 'node:tls';
import { pem } from '../../config/pem.ts';
import { MillraceError, messageOf } from '../../errors.ts';

/** Options of node:https. */
export type ListenerTls = Pick<
  ServerOptions,
  'pfx' | 'key' | 'cert' | 'ca' | 'passphrase' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
>;

type Props = Readonly<Record<string, string | undefined>>;

/**
 * Reads the TLS options of https listeners from Kafka's keys `ssl.…` with `prefix` (`listeners.https.`), or without it if no
 * key has the prefix. The type of a store, PKCS12 or PEM, is detected from its content. CONFIG_INVALID; its message contains
 * no secret.
 */
export function listenerTls(props: Props, prefix: string): ListenerTls {
  const keyPrefix = Object.keys(props).some(name => name.startsWith(`${prefix}ssl.`)) ? prefix : '';
  const get = (name: string): string | undefined => {
    const value = props[keyPrefix + name]?.trim();
    return value === '' ? undefined : value;
  };
  const read = (name: string): Buffer | undefined => {
    const path = get(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw invalid(`${keyPrefix}${name} cannot be read: ${messageOf(error)}.`);
    }
  };
  if (get('ssl.cipher.suites') !== undefined)
    throw invalid(
      `${keyPrefix}ssl.cipher.suites is not supported by https listeners: set ${keyPrefix}ssl.enabled.protocols instead.`,
    );

  const options: ListenerTls = {
    ...identity(keyPrefix, get, read('ssl.keystore.location')),
    ...truststore(keyPrefix, get, read('ssl.truststore.location')),
    ...clientAuth(keyPrefix, get('ssl.client.auth')),
    ...versions(keyPrefix, get('ssl.enabled.protocols')),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw invalid(
      `${keyPrefix}ssl.keystore.location cannot be used (${messageOf(error)}). Check ${keyPrefix}ssl.keystore.password and ${keyPrefix}ssl.key.password, and that key and certificate match.`,
    );
  }
  return options;
}

type Get = (name: string) => string | undefined;

function identity(keyPrefix: string, get: Get, store: Buffer | undefined): ListenerTls {
  const password = get('ssl.keystore.password');
  const keyPassword = get('ssl.key.password') ?? password;
  const passphrase = (text: string | undefined) => (text === undefined ? {} : { passphrase: text });
  const [key, cert] = [pem(get('ssl.keystore.key')), pem(get('ssl.keystore.certificate.chain'))];
  if (key !== undefined && cert !== undefined) return { key, cert, ...passphrase(keyPassword) };
  if (store === undefined)
    throw invalid(
      `A listener with https needs ${keyPrefix}ssl.keystore.location, a PKCS12 or PEM file with its key and certificate.`,
    );
  if (isJks(store)) throw jksError(`${keyPrefix}ssl.keystore.location`);
  if (!isPem(store)) return { pfx: store, ...passphrase(password) };
  const text = pem(store.toString('latin1'));
  return { key: text, cert: text, ...passphrase(keyPassword) };
}

function truststore(keyPrefix: string, get: Get, store: Buffer | undefined): ListenerTls {
  const certificates = pem(get('ssl.truststore.certificates'));
  if (certificates !== undefined) return { ca: certificates };
  if (store === undefined) return {};
  // Node cannot read a PKCS12 file without a key either.
  if (!isPem(store))
    throw invalid(
      `${keyPrefix}ssl.truststore.location is not PEM: export its certificates with keytool -list -rfc -keystore … > trusted.pem, and set it to that file.`,
    );
  return { ca: pem(store.toString('latin1')) };
}

function clientAuth(keyPrefix: string, auth = 'none'): ListenerTls {
  const lower = auth.toLowerCase();
  if (lower === 'none') return {};
  if (lower === 'requested') return { requestCert: true, rejectUnauthorized: false };
  if (lower === 'required') return { requestCert: true, rejectUnauthorized: true };
  throw invalid(
    `Invalid value ${auth} for configuration ${keyPrefix}ssl.client.auth: use required, requested or none.`,
  );
}

const PROTOCOLS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function versions(keyPrefix: string, text: string | undefined): ListenerTls {
  if (text === undefined) return {};
  const indexes = text.split(',').map(name => PROTOCOLS.indexOf(name.trim() as SecureVersion));
  const [oldest, newest] = [PROTOCOLS[Math.min(...indexes)], PROTOCOLS[Math.max(...indexes)]];
  if (oldest === undefined || newest === undefined)
    throw invalid(
      `Invalid value ${text} for configuration ${keyPrefix}ssl.enabled.protocols: use a list of ${PROTOCOLS.join(', ')}.`,
    );
  return { minVersion: oldest, maxVersion: newest };
}

const isPem = (store: Buffer): boolean => store.includes('-----BEGIN ');
/** Magic numbers of JKS and JCEKS. */
const isJks = (store: Buffer): boolean => ['feedfeed', 'cececece'].includes(store.subarray(0, 4).toString('hex'));

const jksError = (name: string): MillraceError =>
  invalid(
    `${name} is a JKS store, which only Java can read. Convert it: keytool -importkeystore -srckeystore … -destkeystore ….p12 -deststoretype PKCS12, and set the property to the new file.`,
  );

const invalid = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);
