import {
  atLeast,
  booleanKey,
  type ConfigOf,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
  passwordKey,
  stringKey,
} from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';
import { readResources, resourceUsages } from './resources.ts';
import { tlsKeys, tlsOf } from './tls.ts';
import { unsupportedKeys } from './unsupported-keys.ts';
import { urlsOf } from './urls.ts';

const connector = { group: 'Connector' } as const;
const conversion = { group: 'Data Conversion' } as const;
const noEffect = (reason: string) => `Accepted and without effect: ${reason}.`;

const keys = {
  'connection.url': listKey({
    ...connector,
    doc:
      'URLs of Elasticsearch or OpenSearch nodes, such as http://es1:9200,http://es2:9200. The default ' +
      'protocol is http; if any URL is https, all are.',
    importance: 'high',
    width: 'long',
    displayName: 'Connection URLs',
    check: urls => {
      try {
        urlsOf(urls);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
  }),
  'connection.username': stringKey({
    ...connector,
    doc: 'User for basic authentication, which requires user and password.',
    default: null,
    displayName: 'Connection Username',
  }),
  'connection.password': passwordKey({
    ...connector,
    doc: 'Password for basic authentication.',
    default: null,
    displayName: 'Connection Password',
  }),
  'external.resource.usage': enumKey(resourceUsages, {
    ...connector,
    doc:
      'INDEX, ALIAS_INDEX: documents are written to existing indices or aliases, see ' +
      'topic.to.external.resource.mapping; DISABLED: an index is created for each topic.',
    default: 'DISABLED',
    importance: 'high',
    displayName: 'External Resource Usage',
  }),
  'topic.to.external.resource.mapping': listKey({
    ...connector,
    doc: 'Items topic:resource, one for each topic, unless external.resource.usage is DISABLED.',
    default: [],
    importance: 'high',
    width: 'long',
    displayName: 'Topic to External Resource Mapping',
  }),
  'batch.size': intKey({
    ...connector,
    doc: 'Maximum number of records in a bulk request.',
    default: 2000,
    displayName: 'Batch Size',
    check: atLeast(1),
  }),
  'bulk.size.bytes': longKey({
    ...connector,
    doc: 'Size of a bulk request in bytes after which the next one starts; -1: no limit.',
    default: 5 * 1024 * 1024,
    importance: 'low',
    displayName: 'Bulk Size (bytes)',
    check: atLeast(-1),
  }),
  'max.in.flight.requests': intKey({
    ...connector,
    doc: 'Maximum number of concurrent bulk requests.',
    default: 5,
    displayName: 'Max In-flight Requests',
    check: atLeast(1),
  }),
  'max.buffered.records': intKey({
    ...connector,
    doc: noEffect('one batch of records is buffered, and one more while it is written'),
    default: 20_000,
    importance: 'low',
    displayName: 'Max Buffered Records',
    check: atLeast(1),
  }),
  'linger.ms': longKey({
    ...connector,
    doc: noEffect('records are written immediately'),
    default: 1,
    importance: 'low',
    displayName: 'Linger (ms)',
    check: atLeast(0),
  }),
  'flush.timeout.ms': longKey({
    ...connector,
    doc: noEffect('a write ends with its last document or after max.retries'),
    default: 180_000,
    importance: 'low',
    displayName: 'Flush Timeout (ms)',
    check: atLeast(1000),
  }),
  'flush.synchronously': booleanKey({
    ...connector,
    doc: noEffect('offsets are committed only after the records are written, also if transforms change topics'),
    default: false,
    importance: 'low',
    displayName: 'Flush synchronously',
  }),
  'max.retries': intKey({
    ...connector,
    doc:
      'Retries of a request that a busy or unreachable cluster rejected. After that the task restarts from its last ' +
      'committed offsets, and retries again until the cluster answers.',
    default: 5,
    importance: 'low',
    displayName: 'Max Retries',
    check: atLeast(0),
  }),
  'retry.backoff.ms': longKey({
    ...connector,
    doc: 'Wait before the first retry; doubles with each further retry, with random jitter.',
    default: 100,
    importance: 'low',
    displayName: 'Retry Backoff (ms)',
    check: atLeast(0),
  }),
  'connection.compression': booleanKey({
    ...connector,
    doc: 'Compresses requests with gzip.',
    default: false,
    importance: 'low',
    displayName: 'Compression',
  }),
  'max.connection.idle.time.ms': intKey({
    ...connector,
    doc: 'Time after which an idle connection is closed; -1: never.',
    default: 60_000,
    importance: 'low',
    displayName: 'Max Connection Idle Time',
    check: atLeast(-1),
  }),
  'connection.timeout.ms': intKey({
    ...connector,
    doc: 'Timeout for connecting; 0: none.',
    default: 1000,
    importance: 'low',
    displayName: 'Connection Timeout',
    check: atLeast(0),
  }),
  'read.timeout.ms': intKey({
    ...connector,
    doc: 'Timeout for the response to a request; 0: none.',
    default: 3000,
    importance: 'low',
    displayName: 'Read Timeout',
    check: atLeast(0),
  }),
  'key.ignore': booleanKey({
    ...conversion,
    doc: 'true: document ids are topic+partition+offset; false: the record’s key.',
    default: false,
    importance: 'high',
    displayName: 'Ignore Key mode',
  }),
  'use.autogenerated.ids': booleanKey({
    ...conversion,
    doc: 'Same as key.ignore: ids of topic+partition+offset are unique too, and the same when a record is written again.',
    default: false,
    displayName: 'Elasticsearch Generated IDs',
  }),
  'schema.ignore': booleanKey({
    ...conversion,
    doc: 'true: Elasticsearch maps fields dynamically; false: an index without a mapping gets that of the record’s schema.',
    default: false,
    importance: 'low',
    displayName: 'Ignore Schema mode',
  }),
  'compact.map.entries': booleanKey({
    ...conversion,
    doc: 'true: maps with string keys are written as objects; false: as lists of {"key": …, "value": …}.',
    default: true,
    importance: 'low',
    displayName: 'Compact Map Entries',
  }),
  'topic.key.ignore': listKey({
    ...conversion,
    doc: 'Topics for which key.ignore is true.',
    default: [],
    importance: 'low',
    width: 'long',
    displayName: "Topics for 'Ignore Key' mode",
  }),
  'topic.schema.ignore': listKey({
    ...conversion,
    doc: 'Topics for which schema.ignore is true.',
    default: [],
    importance: 'low',
    width: 'long',
    displayName: "Topics for 'Ignore Schema' mode",
  }),
  'drop.invalid.message': booleanKey({
    ...conversion,
    doc: 'Skips records without a valid document or id, and logs them.',
    default: false,
    importance: 'low',
    displayName: 'Drop invalid messages',
  }),
  'behavior.on.null.values': enumKey(['ignore', 'delete', 'fail'], {
    ...conversion,
    doc: 'Handling of null values (tombstones): ignore skips them, delete deletes the document of the key, fail rejects them.',
    default: 'fail',
    importance: 'low',
    displayName: 'Behavior for null-valued records',
  }),
  'behavior.on.malformed.documents': enumKey(['ignore', 'warn', 'fail'], {
    ...conversion,
    doc:
      'Handling of documents that Elasticsearch rejects, for instance because they do not fit the mapping: ' +
      'ignore skips them, warn skips and logs them, fail makes them data errors (errors.tolerance).',
    default: 'fail',
    importance: 'low',
    displayName: 'Behavior on malformed documents',
  }),
  'external.version.header': stringKey({
    ...conversion,
    doc:
      'Header with the document’s version, a whole number from 0 to 2^63-1, as a number or a string; a record without ' +
      'it is a data error. Empty: the record’s offset is the version.',
    default: '',
    importance: 'low',
    displayName: 'External Version Header Name',
  }),
  'write.method': enumKey(['insert', 'upsert'], {
    ...conversion,
    doc: 'insert: replaces the document with the same id; upsert: merges the fields into the document with the same id.',
    default: 'insert',
    importance: 'low',
    displayName: 'Write Method',
  }),
  'type.name': stringKey({
    ...conversion,
    doc: noEffect('indices have had no types since Elasticsearch 7'),
    default: '',
    importance: 'low',
    displayName: 'Type Name',
  }),
  ...tlsKeys,
  ...unsupportedKeys,
};

export type ElasticsearchConfig = ConfigOf<typeof keys>;

/** Configuration of `io.confluent.connect.elasticsearch.ElasticsearchSinkConnector`. */
export const elasticsearchConfig = defineConfig(keys, {
  refine: config => ({
    ...errorOf('topic.to.external.resource.mapping', () => readResources(config)),
    ...errorOf('elastic.security.protocol', () => tlsOf(config)),
  }),
});

function errorOf(name: string, read: () => unknown): Readonly<Record<string, string>> {
  try {
    read();
    return {};
  } catch (error) {
    return { [name]: messageOf(error) };
  }
}
