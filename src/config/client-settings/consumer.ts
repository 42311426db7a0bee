import { offsetReset } from '../connector-config/offset-reset.ts';
import { anyValue, caseInsensitive, integerBetween, oneOf, onlyValues, type SettingRule } from './rule.ts';
import { sharedSettings } from './shared-settings.ts';

const BYTES = 'org.apache.kafka.common.serialization.ByteArrayDeserializer';
const ASSIGNED =
  'partitions are assigned to tasks by plan, without a group session: the tasks of a lost worker run elsewhere within ten seconds; remove it';
const COMMITTED = "a sink's offsets are committed with its records, or every 2 s; remove it";
const assignor = 'org.apache.kafka.clients.consumer.';
const RANGE = `${assignor}RangeAssignor`;
const COOPERATIVE = `${assignor}CooperativeStickyAssignor`;

/** `consumer.override.*` and the worker's `consumer.*`. */
export const consumer: Readonly<Record<string, SettingRule>> = {
  ...sharedSettings,
  'allow.auto.create.topics': oneOf(['true', 'false']),
  'auto.commit.interval.ms': onlyValues(['5000'], COMMITTED),
  'auto.offset.reset': {
    problemWith: value =>
      offsetReset(value) === undefined
        ? 'it must be earliest, latest, none, or by_duration with a duration, such as by_duration:PT1H'
        : undefined,
  },
  'check.crcs': onlyValues(['true'], 'checksums are always compared; remove it'),
  'client.rack': onlyValues([''], 'records are read from the leaders of partitions; remove it'),
  'default.api.timeout.ms': onlyValues(['60000'], 'the timeout of calls is request.timeout.ms; set that instead'),
  'enable.auto.commit': onlyValues(['false'], COMMITTED),
  'exclude.internal.topics': onlyValues(
    ['true'],
    'topics.regex does not match internal topics; list them in topics instead',
  ),
  'fetch.max.bytes': integerBetween(1),
  'fetch.max.wait.ms': integerBetween(0, 1_000_000_000),
  'fetch.min.bytes': integerBetween(0),
  'group.id': anyValue,
  'group.instance.id': onlyValues([''], ASSIGNED),
  'group.protocol': caseInsensitive(onlyValues(['classic'], ASSIGNED)),
  'group.remote.assignor': onlyValues([''], ASSIGNED),
  'heartbeat.interval.ms': onlyValues(['3000'], ASSIGNED),
  'interceptor.classes': onlyValues([''], 'records are changed by transforms; use one instead'),
  'isolation.level': caseInsensitive(
    onlyValues(
      ['read_committed'],
      'records of open and aborted transactions are never read; remove it, or set read_committed',
    ),
  ),
  'internal.throw.on.fetch.stable.offset.unsupported': oneOf(['true', 'false']),
  'key.deserializer': onlyValues([BYTES], 'keys are deserialized by key.converter; set that instead'),
  'max.partition.fetch.bytes': integerBetween(1),
  'max.poll.interval.ms': onlyValues(
    ['300000'],
    'a task may take as long as it needs; set task.unresponsive.timeout.ms of the worker for code that blocks',
  ),
  'max.poll.records': integerBetween(1),
  'metadata.max.age.ms': integerBetween(1),
  'partition.assignment.strategy': onlyValues([RANGE, COOPERATIVE, `${RANGE},${COOPERATIVE}`], ASSIGNED),
  'session.timeout.ms': onlyValues(['45000'], ASSIGNED),
  'share.acknowledgement.mode': caseInsensitive(onlyValues(['implicit'], ASSIGNED)),
  'share.acquire.mode': caseInsensitive(onlyValues(['batch_optimized'], ASSIGNED)),
  'value.deserializer': onlyValues([BYTES], 'values are deserialized by value.converter; set that instead'),
};
