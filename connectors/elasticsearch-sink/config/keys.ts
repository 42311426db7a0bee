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
import { unservedKeys } from './unsupported-keys.ts';
import { urlsOf } from './urls.ts';

const connector = { group: 'Connector' } as const;
const conversion = { group: 'Data Conversion' } as const;
const noEffect = (why: string) => `Accepted and without effect: ${why}.`;

const keys = {
  'connection.url': listKey({
    ...connector,
    doc:
      'URLs of Elasticsearch or OpenSearch nodes, such as http://es1:9200,http://es2:9200. One without a protocol is ' +
      'http; where any is https, all are.',
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
    doc: 'User for basic authentication, which takes place where user and password are given.',
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
      'Whether documents go to indices (INDEX) or aliases (ALIAS_INDEX) that are there already and are named by ' +
      'topic.to.external.resource.mapping; DISABLED makes an index for each topic.',
    default: 'DISABLED',
    importance: 'high',
    displayName: 'External Resource Usage',
  }),
  'topic.to.external.resource.mapping': listKey({
    ...connector,
    doc: 'Items topic:resource, one for each topic, where external.resource.usage is not DISABLED.',
    default: [],
    importance: 'high',
    width: 'long',
    displayName: 'Topic to External Resource Mapping',
  }),
  'batch.size': intKey({
    ...connector,
    doc: 'Records in one bulk request at most.',
    default: 2000,
    displayName: 'Batch Size',
    check: atLeast(1),
  }),
  'bulk.size.bytes': longKey({
    ...connector,
    doc: 'Bytes of one bulk request, after which the next begins; -1 for no bound.',
    default: 5 * 1024 * 1024,
    importance: 'low',
    displayName: 'Bulk Size (bytes)',
    check: atLeast(-1),
  }),
  'max.in.flight.requests': intKey({
    ...connector,
    doc: 'Bulk requests under way at the same time.',
    default: 5,
    displayName: 'Max In-flight Requests',
    check: atLeast(1),
  }),
  'max.buffered.records': intKey({
    ...connector,
    doc: noEffect('one batch of records is held at a time, and one more while it is written'),
    default: 20_000,
    importance: 'low',
    displayName: 'Max Buffered Records',
    check: atLeast(1),
  }),
  'linger.ms': longKey({
    ...connector,
    doc: noEffect('what has been read is written at once'),
    default: 1,
    importance: 'low',
    displayName: 'Linger (ms)',
    check: atLeast(0),
  }),
  'flush.timeout.ms': longKey({
    ...connector,
    doc: noEffect('a write ends when its last document is in, or max.retries are used up'),
    default: 180_000,
    importance: 'low',
    displayName: 'Flush Timeout (ms)',
    check: atLeast(1000),
  }),
  'flush.synchronously': booleanKey({
    ...connector,
    doc: noEffect('offsets are committed behind what has been written, whatever transforms make of topics'),
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
    doc: 'How long to wait before the first further try; twice as long before each one after it, with a random part.',
    default: 100,
    importance: 'low',
    displayName: 'Retry Backoff (ms)',
    check: atLeast(0),
  }),
  'connection.compression': booleanKey({
    ...connector,
    doc: 'Whether requests are compressed with gzip.',
    default: false,
    importance: 'low',
    displayName: 'Compression',
  }),
  'max.connection.idle.time.ms': intKey({
    ...connector,
    doc: 'How long a connection may lie idle before it is closed; -1 for as long as the server likes.',
    default: 60_000,
    importance: 'low',
    displayName: 'Max Connection Idle Time',
    check: atLeast(-1),
  }),
  'connection.timeout.ms': intKey({
    ...connector,
    doc: 'How long a connection may take to be made; 0 for no bound.',
    default: 1000,
    importance: 'low',
    displayName: 'Connection Timeout',
    check: atLeast(0),
  }),
  'read.timeout.ms': intKey({
    ...connector,
    doc: 'How long a request may wait for its answer; 0 for no bound.',
    default: 3000,
    importance: 'low',
    displayName: 'Read Timeout',
    check: atLeast(0),
  }),
  'key.ignore': booleanKey({
    ...conversion,
    doc: 'Whether documents get ids of topic+partition+offset; else the record’s key is the id.',
    default: false,
    importance: 'high',
    displayName: 'Ignore Key mode',
  }),
  'use.autogenerated.ids': booleanKey({
    ...conversion,
    doc: 'As key.ignore: ids of topic+partition+offset are as unique as made-up ones, and a record that comes again has its own.',
    default: false,
    displayName: 'Elasticsearch Generated IDs',
  }),
  'schema.ignore': booleanKey({
    ...conversion,
    doc: 'Whether Elasticsearch maps fields by itself; else an index without a mapping gets the record schema’s.',
    default: false,
    importance: 'low',
    displayName: 'Ignore Schema mode',
  }),
  'compact.map.entries': booleanKey({
    ...conversion,
    doc: 'Whether maps of string keys are written as objects; else as lists of {"key": …, "value": …}.',
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
    doc: 'Whether a record that no document or id can be made of is left out, with a line in the log.',
    default: false,
    importance: 'low',
    displayName: 'Drop invalid messages',
  }),
  'behavior.on.null.values': enumKey(['ignore', 'delete', 'fail'], {
    ...conversion,
    doc: 'What a null value (a tombstone) does: ignore leaves it out, delete deletes the key’s document, fail refuses it.',
    default: 'fail',
    importance: 'low',
    displayName: 'Behavior for null-valued records',
  }),
  'behavior.on.malformed.documents': enumKey(['ignore', 'warn', 'fail'], {
    ...conversion,
    doc:
      'What is done with a document that Elasticsearch refuses for itself, such as one that does not fit the mapping: ' +
      'ignore leaves it out, warn does so with a line in the log, fail makes it a data error (errors.tolerance).',
    default: 'fail',
    importance: 'low',
    displayName: 'Behavior on malformed documents',
  }),
  'external.version.header': stringKey({
    ...conversion,
    doc:
      'Header that holds the document’s version, a whole number from 0 to 2^63-1, as a number or as text; a record without ' +
      'it is a data error. Empty: the record’s offset is the version.',
    default: '',
    importance: 'low',
    displayName: 'External Version Header Name',
  }),
  'write.method': enumKey(['insert', 'upsert'], {
    ...conversion,
    doc: 'insert: the document replaces the one of its id; upsert: its fields are put into the one of its id.',
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
  ...unservedKeys,
};

export type ElasticsearchConfig = ConfigOf<typeof keys>;

/** Configuration of `io.confluent.connect.elasticsearch.ElasticsearchSinkConnector`. */
export const elasticsearchConfig = defineConfig(keys, {
  refine: config => ({
    ...wrong('topic.to.external.resource.mapping', () => readResources(config)),
    ...wrong('elastic.security.protocol', () => tlsOf(config)),
  }),
});

function wrong(name: string, read: () => unknown): Readonly<Record<string, string>> {
  try {
    read();
    return {};
  } catch (error) {
    return { [name]: messageOf(error) };
  }
}
