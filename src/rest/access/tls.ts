import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createSecureContext, type SecureVersion } from 'node:tls';
import { pem } from '../../config/pem.ts';
import { MillraceError, messageOf } from '../../errors.ts';

/** What node:https takes. */
export type ListenerTls = Pick<
  ServerOptions,
  'pfx' | 'key' | 'cert' | 'ca' | 'passphrase' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
>;

type Props = Readonly<Record<string, string | undefined>>;

/**
 * TLS of the listeners that begin with https, from Kafka's keys `ssl.…` behind `prefix` (`listeners.https.`), or, where
 * no key has the prefix, from those without it. The kind of a store is told by what is in it: PKCS12 or PEM.
 * CONFIG_INVALID with a sentence, never with a secret.
 */
export function listenerTls(props: Props, prefix: string): ListenerTls {
  const own = Object.keys(props).some(name => name.startsWith(`${prefix}ssl.`)) ? prefix : '';
  const get = (name: string): string | undefined => {
    const value = props[own + name]?.trim();
    return value === '' ? undefined : value;
  };
  const read = (name: string): Buffer | undefined => {
    const path = get(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw invalid(`${own}${name} cannot be read: ${messageOf(error)}.`);
    }
  };
  if (get('ssl.cipher.suites') !== undefined)
    throw invalid(`${own}ssl.cipher.suites is not heeded by https listeners: set ${own}ssl.enabled.protocols instead.`);

  const options: ListenerTls = {
    ...identity(own, get, read('ssl.keystore.location')),
    ...trusted(own, get, read('ssl.truststore.location')),
    ...clients(own, get('ssl.client.auth')),
    ...versions(own, get('ssl.enabled.protocols')),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw invalid(
      `${own}ssl.keystore.location cannot be used (${messageOf(error)}): are ${own}ssl.keystore.password and ${own}ssl.key.password right, and do key and certificate belong together?`,
    );
  }
  return options;
}

type Get = (name: string) => string | undefined;

function identity(own: string, get: Get, store: Buffer | undefined): ListenerTls {
  const password = get('ssl.keystore.password');
  const keyPassword = get('ssl.key.password') ?? password;
  const passphrase = (text: string | undefined) => (text === undefined ? {} : { passphrase: text });
  const [key, cert] = [pem(get('ssl.keystore.key')), pem(get('ssl.keystore.certificate.chain'))];
  if (key !== undefined && cert !== undefined) return { key, cert, ...passphrase(keyPassword) };
  if (store === undefined)
    throw invalid(
      `A listener with https needs ${own}ssl.keystore.location, a PKCS12 or PEM file with its key and certificate.`,
    );
  if (isJks(store)) throw jks(`${own}ssl.keystore.location`);
  if (!isPem(store)) return { pfx: store, ...passphrase(password) };
  const text = pem(store.toString('latin1'));
  return { key: text, cert: text, ...passphrase(keyPassword) };
}

function trusted(own: string, get: Get, store: Buffer | undefined): ListenerTls {
  const certificates = pem(get('ssl.truststore.certificates'));
  if (certificates !== undefined) return { ca: certificates };
  if (store === undefined) return {};
  // Without a key in it a PKCS12 file is closed to Node, too.
  if (!isPem(store))
    throw invalid(
      `${own}ssl.truststore.location is not PEM: take its certificates out with keytool -list -rfc -keystore … > trusted.pem, and name that.`,
    );
  return { ca: pem(store.toString('latin1')) };
}

function clients(own: string, auth = 'none'): ListenerTls {
  const lower = auth.toLowerCase();
  if (lower === 'none') return {};
  if (lower === 'requested') return { requestCert: true, rejectUnauthorized: false };
  if (lower === 'required') return { requestCert: true, rejectUnauthorized: true };
  throw invalid(`Invalid value ${auth} for configuration ${own}ssl.client.auth: it is required, requested or none.`);
}

const known: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function versions(own: string, text: string | undefined): ListenerTls {
  if (text === undefined) return {};
  const places = text.split(',').map(one => known.indexOf(one.trim() as SecureVersion));
  const [least, most] = [known[Math.min(...places)], known[Math.max(...places)]];
  if (least === undefined || most === undefined)
    throw invalid(
      `Invalid value ${text} for configuration ${own}ssl.enabled.protocols: it is a list of ${known.join(', ')}.`,
    );
  return { minVersion: least, maxVersion: most };
}

const isPem = (store: Buffer): boolean => store.includes('-----BEGIN ');
/** Magic numbers of JKS and JCEKS. */
const isJks = (store: Buffer): boolean => ['feedfeed', 'cececece'].includes(store.subarray(0, 4).toString('hex'));

const jks = (name: string): MillraceError =>
  invalid(
    `${name} is a JKS store, which only Java reads. Convert it: keytool -importkeystore -srckeystore … -destkeystore ….p12 -deststoretype PKCS12, and name the new one.`,
  );

const invalid = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);
