import { offsetReset } from '../connector-config/offset-reset.ts';
import { any, lowerCase, oneOf, only, type Rule, whole } from './rule.ts';
import { common } from './shared-settings.ts';

const BYTES = 'org.apache.kafka.common.serialization.ByteArrayDeserializer';
const ASSIGNED =
  'partitions are assigned to tasks by plan, without a group session: the tasks of a lost worker run elsewhere within ten seconds; remove it';
const COMMITTED = "a sink's offsets are committed with its records, or every 2 s; remove it";
const assignor = 'org.apache.kafka.clients.consumer.';
const RANGE = `${assignor}RangeAssignor`;
const COOPERATIVE = `${assignor}CooperativeStickyAssignor`;

/** `consumer.override.*` and the worker's `consumer.*`. */
export const consumer: Readonly<Record<string, Rule>> = {
  ...common,
  'allow.auto.create.topics': oneOf(['true', 'false']),
  'auto.commit.interval.ms': only(['5000'], COMMITTED),
  'auto.offset.reset': {
    refuses: value =>
      offsetReset(value) === undefined
        ? 'it must be earliest, latest, none, or by_duration with a duration, such as by_duration:PT1H'
        : undefined,
  },
  'check.crcs': only(['true'], 'checksums are always compared; remove it'),
  'client.rack': only([''], 'records are read from the leaders of partitions; remove it'),
  'default.api.timeout.ms': only(['60000'], 'calls have request.timeout.ms; set that instead'),
  'enable.auto.commit': only(['false'], COMMITTED),
  'exclude.internal.topics': only(['true'], 'topics.regex does not match internal topics; list them in topics instead'),
  'fetch.max.bytes': whole(1),
  'fetch.max.wait.ms': whole(0, 1_000_000_000),
  'fetch.min.bytes': whole(0),
  'group.id': any,
  'group.instance.id': only([''], ASSIGNED),
  'group.protocol': lowerCase(only(['classic'], ASSIGNED)),
  'group.remote.assignor': only([''], ASSIGNED),
  'heartbeat.interval.ms': only(['3000'], ASSIGNED),
  'interceptor.classes': only([''], 'records are changed by transforms; use one instead'),
  'isolation.level': lowerCase(
    only(
      ['read_committed'],
      'records of open and aborted transactions are never read; remove it, or set read_committed',
    ),
  ),
  'internal.throw.on.fetch.stable.offset.unsupported': oneOf(['true', 'false']),
  'key.deserializer': only([BYTES], 'keys are deserialized by key.converter; set that instead'),
  'max.partition.fetch.bytes': whole(1),
  'max.poll.interval.ms': only(
    ['300000'],
    'a task may take as long as it needs; set task.unresponsive.timeout.ms of the worker for code that blocks',
  ),
  'max.poll.records': whole(1),
  'metadata.max.age.ms': whole(1),
  'partition.assignment.strategy': only([RANGE, COOPERATIVE, `${RANGE},${COOPERATIVE}`], ASSIGNED),
  'session.timeout.ms': only(['45000'], ASSIGNED),
  'share.acknowledgement.mode': lowerCase(only(['implicit'], ASSIGNED)),
  'share.acquire.mode': lowerCase(only(['batch_optimized'], ASSIGNED)),
  'value.deserializer': only([BYTES], 'values are deserialized by value.converter; set that instead'),
};
