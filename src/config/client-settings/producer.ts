import { any, lowerCase, oneOf, only, type Rule, whole } from './rule.ts';
import { common } from './shared-settings.ts';

const BYTES = 'org.apache.kafka.common.serialization.ByteArraySerializer';
const PARTITIONS =
  "a record's partition is that of its key's murmur2 hash, as by Kafka's default partitioner, and that of its batch without a key; remove it";
const METADATA = 'a task learns of partitions that are added to a topic when it starts: restart it instead';
const LEVEL = 'codecs compress at their default level; choose another compression.type instead';
const IN_A_TRANSACTION = 'records are written until transaction.timeout.ms; set that instead';

/** `producer.override.*` and the worker's `producer.*`. */
export const producer: Readonly<Record<string, Rule>> = {
  ...common,
  acks: only(['all', '-1'], 'records are written in transactions, which need acks=all; remove it'),
  'batch.size': whole(0),
  'buffer.memory': whole(1, Number.MAX_SAFE_INTEGER),
  'compression.gzip.level': only(['-1'], LEVEL),
  'compression.lz4.level': only(['9'], LEVEL),
  'compression.type': lowerCase(oneOf(['none', 'gzip', 'snappy', 'lz4', 'zstd'])),
  'compression.zstd.level': only(['3'], LEVEL),
  'delivery.timeout.ms': only(['120000', '2147483647'], IN_A_TRANSACTION),
  'enable.idempotence': only(['true'], 'records are written in transactions, which are idempotent; remove it'),
  'interceptor.classes': only([''], 'records are changed by transforms; use one instead'),
  'key.serializer': only([BYTES], 'keys are serialized by key.converter; set that instead'),
  'linger.ms': {
    refuses: value =>
      /^\d{1,5}$/.test(value) && Number(value) <= 60_000
        ? undefined
        : 'it must be a whole number from 0 to 60000, as millrace.commit.interval.ms',
  },
  'max.block.ms': only(
    ['60000', '9223372036854775807'],
    'opening a producer and asking for metadata have request.timeout.ms; set that instead',
  ),
  'max.in.flight.requests.per.connection': only(
    ['1', '2', '3', '4', '5'],
    'the order of records is kept with 1 to 5 requests, and more are not allowed for idempotent producers',
  ),
  'max.request.size': whole(1),
  'metadata.max.age.ms': only(['300000'], METADATA),
  'metadata.max.idle.ms': only(['300000'], METADATA),
  'partitioner.adaptive.partitioning.enable': oneOf(['true', 'false']),
  'partitioner.availability.timeout.ms': only(['0'], PARTITIONS),
  'partitioner.class': only([''], PARTITIONS),
  'partitioner.ignore.keys': only(['false'], PARTITIONS),
  retries: only(['2147483647'], IN_A_TRANSACTION),
  'transaction.timeout.ms': whole(1),
  'transaction.two.phase.commit.enable': only(['false'], 'transactions are committed in one phase; remove it'),
  // Each task has its own, as in Kafka Connect.
  'transactional.id': any,
  'value.serializer': only([BYTES], 'values are serialized by value.converter; set that instead'),
};
