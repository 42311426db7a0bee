import { anyValue, caseInsensitive, integerBetween, oneOf, onlyValues, type SettingRule } from './rule.ts';
import { sharedSettings } from './shared-settings.ts';

const BYTES = 'org.apache.kafka.common.serialization.ByteArraySerializer';
const PARTITIONS =
  "records are partitioned like by Kafka's default partitioner: by the murmur2 hash of the key, or per batch without a key; remove it";
const METADATA = 'a task discovers partitions that are added to a topic when it starts: restart it instead';
const LEVEL = 'codecs compress at their default level; choose another compression.type instead';
const IN_A_TRANSACTION = 'records are written until transaction.timeout.ms; set that instead';

/** `producer.override.*` and the worker's `producer.*`. */
export const producer: Readonly<Record<string, SettingRule>> = {
  ...sharedSettings,
  acks: onlyValues(['all', '-1'], 'records are written in transactions, which need acks=all; remove it'),
  'batch.size': integerBetween(0),
  'buffer.memory': integerBetween(1, Number.MAX_SAFE_INTEGER),
  'compression.gzip.level': onlyValues(['-1'], LEVEL),
  'compression.lz4.level': onlyValues(['9'], LEVEL),
  'compression.type': caseInsensitive(oneOf(['none', 'gzip', 'snappy', 'lz4', 'zstd'])),
  'compression.zstd.level': onlyValues(['3'], LEVEL),
  'delivery.timeout.ms': onlyValues(['120000', '2147483647'], IN_A_TRANSACTION),
  'enable.idempotence': onlyValues(['true'], 'records are written in transactions, which are idempotent; remove it'),
  'interceptor.classes': onlyValues([''], 'records are changed by transforms; use one instead'),
  'key.serializer': onlyValues([BYTES], 'keys are serialized by key.converter; set that instead'),
  'linger.ms': {
    problemWith: value =>
      /^\d{1,5}$/.test(value) && Number(value) <= 60_000
        ? undefined
        : 'it must be an integer from 0 to 60000, as millrace.commit.interval.ms',
  },
  'max.block.ms': onlyValues(
    ['60000', '9223372036854775807'],
    'opening a producer and asking for metadata have request.timeout.ms; set that instead',
  ),
  'max.in.flight.requests.per.connection': onlyValues(
    ['1', '2', '3', '4', '5'],
    'the order of records is kept with 1 to 5 requests, and more are not allowed for idempotent producers',
  ),
  'max.request.size': integerBetween(1),
  'metadata.max.age.ms': onlyValues(['300000'], METADATA),
  'metadata.max.idle.ms': onlyValues(['300000'], METADATA),
  'partitioner.adaptive.partitioning.enable': oneOf(['true', 'false']),
  'partitioner.availability.timeout.ms': onlyValues(['0'], PARTITIONS),
  'partitioner.class': onlyValues([''], PARTITIONS),
  'partitioner.ignore.keys': onlyValues(['false'], PARTITIONS),
  retries: onlyValues(['2147483647'], IN_A_TRANSACTION),
  'transaction.timeout.ms': integerBetween(1),
  'transaction.two.phase.commit.enable': onlyValues(['false'], 'transactions are committed in one phase; remove it'),
  // Each task has its own, as in Kafka Connect.
  'transactional.id': anyValue,
  'value.serializer': onlyValues([BYTES], 'values are serialized by value.converter; set that instead'),
};
