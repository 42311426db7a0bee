import type { SecureContextOptions } from 'node:tls';
import { type ConfigOf, enumKey, passwordKey, stringKey } from '../../../src/config/spec.ts';
import { readConfigFileSync } from '../../../src/config/worker-config/config-file.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';

const security = { group: 'Security', importance: 'low' } as const;
const text = (doc: string, displayName: string) => stringKey({ ...security, doc, default: null, displayName });
const secret = (doc: string, displayName: string) => passwordKey({ ...security, doc, default: null, displayName });

export const tlsKeys = {
  'elastic.security.protocol': enumKey(['PLAINTEXT', 'SSL'], {
    group: 'Security',
    doc: 'SSL: the keys elastic.https.* configure trust store and key store. PLAINTEXT: they are ignored.',
    default: 'PLAINTEXT',
    displayName: 'Security protocol',
  }),
  'elastic.https.ssl.truststore.location': text('PEM file of the trusted certificate authorities.', 'Trust store'),
  'elastic.https.ssl.truststore.certificates': text('Trusted certificates as PEM text.', 'Trusted certificates'),
  'elastic.https.ssl.keystore.location': text(
    'File with the client’s key and certificates: PEM or PKCS12.',
    'Key store',
  ),
  'elastic.https.ssl.keystore.password': secret('Password of a PKCS12 key store.', 'Key store password'),
  'elastic.https.ssl.keystore.key': secret('The client’s key as PEM text.', 'Key'),
  'elastic.https.ssl.keystore.certificate.chain': text('The client’s certificates as PEM text.', 'Certificates'),
  'elastic.https.ssl.key.password': secret('Password of the client’s key.', 'Key password'),
  'elastic.https.ssl.endpoint.identification.algorithm': stringKey({
    ...security,
    doc: 'Empty: the host name in the server’s certificate is not verified.',
    default: 'https',
    displayName: 'Endpoint identification algorithm',
    check: value =>
      ['', 'https'].includes(value.toLowerCase()) ? undefined : 'it must be https, or empty to accept any host name',
  }),
};

export type TlsOptions = SecureContextOptions & { readonly checkServerIdentity?: () => undefined };

/** Throws CONFIG_INVALID for a file that cannot be read or has another format. */
export function tlsOf(config: ConfigOf<typeof tlsKeys>): TlsOptions {
  if (config['elastic.security.protocol'] === 'PLAINTEXT') return {};
  const ca = config['elastic.https.ssl.truststore.certificates'] ?? trustedCertificates(config);
  const passphrase = config['elastic.https.ssl.key.password'];
  return {
    ...(ca === null ? {} : { ca: withLineBreaks(ca) }),
    ...identity(config),
    ...(passphrase === null ? {} : { passphrase }),
    ...(config['elastic.https.ssl.endpoint.identification.algorithm'] === ''
      ? { checkServerIdentity: () => undefined }
      : {}),
  };
}

function trustedCertificates(config: ConfigOf<typeof tlsKeys>): string | null {
  const path = config['elastic.https.ssl.truststore.location'];
  if (path === null) return null;
  const content = read('elastic.https.ssl.truststore.location', path).toString('latin1');
  if (!content.includes('-----BEGIN '))
    throw invalid(
      `${path} is not PEM: export its certificates with keytool -list -rfc -keystore ${path} > trusted.pem, and configure that file.`,
    );
  return content;
}

function identity(config: ConfigOf<typeof tlsKeys>): TlsOptions {
  const key = config['elastic.https.ssl.keystore.key'];
  const cert = config['elastic.https.ssl.keystore.certificate.chain'];
  if ((key === null) !== (cert === null))
    throw invalid('elastic.https.ssl.keystore.key and .certificate.chain belong together: one is missing.');
  if (key !== null && cert !== null) return { key: withLineBreaks(key), cert: withLineBreaks(cert) };
  const path = config['elastic.https.ssl.keystore.location'];
  if (path === null) return {};
  const content = read('elastic.https.ssl.keystore.location', path);
  if (content.includes('-----BEGIN ')) return { key: content, cert: content };
  // Magic number of JKS; PKCS12 begins with an ASN.1 sequence.
  if (content.length >= 4 && content.readUInt32BE(0) === 0xfeedfeed)
    throw invalid(`${path} is a JKS store; convert it to PKCS12: keytool -importkeystore … -deststoretype PKCS12.`);
  const passphrase = config['elastic.https.ssl.keystore.password'];
  return { pfx: content, ...(passphrase === null ? {} : { passphrase }) };
}

/** Restores line breaks of PEM on one line, the usual form in JSON and properties files. */
function withLineBreaks(pem: string): string {
  return pem
    .replaceAll('\\n', '\n')
    .replace(
      /(-----BEGIN ([^-]+)-----)([^:-]*?)(-----END \2-----)/g,
      (_all, begin: string, _label, body: string, end: string) =>
        [begin, ...(body.replace(/\s+/g, '').match(/.{1,64}/g) ?? []), end, ''].join('\n'),
    );
}

function read(name: string, path: string): Buffer {
  try {
    return readConfigFileSync(path);
  } catch (error) {
    throw invalid(`${name} cannot be read: ${messageOf(error)}`);
  }
}

const invalid = (message: string) => new MillraceError('CONFIG_INVALID', message);
