import { passwordKey, stringKey } from '../../../src/config/spec.ts';

const DATA_STREAMS = 'write to an index, or to an alias with external.resource.usage=ALIAS_INDEX';
const PROXIES = 'connect to the nodes without a proxy, or let connection.url name one that forwards to them';
const KERBEROS = 'log in with connection.username and connection.password, or with a certificate';
const TLS = 'TLS is configured by Node.js; remove the key';

/** Unsupported keys of Confluent's connector: accepted values, which have no effect, and the alternative. */
const unsupported = {
  'auto.create.indices.at.start': [['true', 'false'], 'an index is created for the first record of its topic'],
  'data.stream.dataset': [[''], DATA_STREAMS],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Confluent's placeholder
  'data.stream.namespace': [['', '${topic}'], DATA_STREAMS],
  'data.stream.timestamp.field': [[''], DATA_STREAMS],
  'data.stream.type': [['none', ''], DATA_STREAMS],
  'elastic.https.ssl.cipher.suites': [[''], TLS],
  'elastic.https.ssl.enabled.protocols': [['TLSv1.2,TLSv1.3', ''], TLS],
  'elastic.https.ssl.engine.factory.class': [[''], TLS],
  'elastic.https.ssl.keymanager.algorithm': [['SunX509', 'PKIX'], TLS],
  'elastic.https.ssl.keystore.type': [['JKS', 'PEM', 'PKCS12'], 'a key store is PEM or PKCS12'],
  'elastic.https.ssl.protocol': [['TLSv1.3', 'TLS'], TLS],
  'elastic.https.ssl.provider': [[''], TLS],
  'elastic.https.ssl.secure.random.implementation': [[''], TLS],
  'elastic.https.ssl.trustmanager.algorithm': [['PKIX'], TLS],
  'elastic.https.ssl.truststore.password': [[''], 'a trust store is PEM, which has no password'],
  'elastic.https.ssl.truststore.type': [['JKS', 'PEM'], 'a trust store is PEM'],
  'kerberos.keytab.path': [[''], KERBEROS],
  'kerberos.user.principal': [[''], KERBEROS],
  'log.sensitive.data': [
    ['false'],
    'documents are never logged; see errors.deadletterqueue.topic.name for rejected records',
  ],
  'proxy.host': [[''], PROXIES],
  'proxy.password': [[''], PROXIES],
  'proxy.port': [['8080'], PROXIES],
  'proxy.username': [[''], PROXIES],
  'topic.index.map': [[''], 'rename topics with the RegexRouter transform'],
} as const satisfies Readonly<Record<string, readonly [values: readonly [string, ...string[]], instead: string]>>;

type UnsupportedKeys = Record<keyof typeof unsupported, ReturnType<typeof key>>;

const key = (name: string, values: readonly [string, ...string[]], instead: string) =>
  (name.endsWith('.password') ? passwordKey : stringKey)({
    doc: `Not supported: ${instead}.`,
    default: values[0],
    importance: 'low',
    displayName: name,
    check: value =>
      values.some(accepted => accepted.toLowerCase() === value.toLowerCase())
        ? undefined
        : `it is not supported; ${instead}`,
  });

export const unsupportedKeys = Object.fromEntries(
  Object.entries(unsupported).map(([name, [values, instead]]) => [name, key(name, values, instead)]),
) as UnsupportedKeys;
