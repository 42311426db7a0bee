import { atLeast, booleanKey, classKey, intKey, listKey, longKey, oneOfKey, stringKey } from '../spec.ts';
import { nameProblem } from './connector-name.ts';
import { parseSchedule } from './schedule.ts';

/** Keys of all connectors, with the names and the order of Kafka Connect's `ConnectorConfig`. */
export const commonKeys = {
  name: stringKey({
    doc: 'Unique name of this connector in the cluster.',
    importance: 'high',
    group: 'Common',
    order: 1,
    width: 'medium',
    displayName: 'Connector name',
    check: nameProblem,
  }),
  'connector.class': stringKey({
    doc: 'Class of this connector: the Java class name or its simple name, with or without the suffix "Connector".',
    importance: 'high',
    group: 'Common',
    order: 2,
    width: 'long',
    displayName: 'Connector class',
  }),
  'connector.plugin.version': versionKey('connector', 'Connector version', 3, 'medium'),
  'tasks.max': intKey({
    doc: 'Maximum number of tasks of this connector.',
    default: 1,
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'short',
    displayName: 'Tasks max',
    check: atLeast(1),
  }),
  'tasks.max.enforce': booleanKey({
    doc: 'Accepted for compatibility: a connector never has more than tasks.max tasks.',
    default: true,
    importance: 'low',
    group: 'Common',
    order: 5,
    width: 'short',
    displayName: 'Enforce tasks max',
  }),
  'key.converter': converterKey('keys', 'Key converter class', 6),
  'key.converter.plugin.version': versionKey('key converter', 'Key converter version', 7),
  'value.converter': converterKey('values', 'Value converter class', 8),
  'value.converter.plugin.version': versionKey('value converter', 'Value converter version', 9),
  'header.converter': converterKey('header values', 'Header converter class', 10),
  'header.converter.plugin.version': versionKey('header converter', 'Header converter version', 11),
  transforms: aliasList('Aliases of the transforms to apply to each record, in this order.', 'Transforms', 12),
  predicates: aliasList('Aliases of the predicates that transforms can use.', 'Predicates', 13),
  'millrace.schedule': stringKey({
    doc:
      'Schedule of this connector: continuous; an interval, such as "every 30s" (ms, s, m, h, d); or a cron expression, such ' +
      'as "0 2 * * *". On a schedule, each task runs until it has caught up and then sleeps until the next run.',
    default: 'continuous',
    importance: 'medium',
    group: 'Schedule',
    order: 1,
    width: 'medium',
    displayName: 'Schedule',
    check: schedule => {
      const result = parseSchedule(schedule);
      return typeof result === 'string' ? `Schedule ${result}` : undefined;
    },
  }),
  'millrace.schedule.timezone': stringKey({
    doc: 'Time zone of a cron expression in millrace.schedule, such as Europe/Berlin.',
    default: 'UTC',
    importance: 'low',
    group: 'Schedule',
    order: 2,
    width: 'short',
    displayName: 'Time zone',
    check: zone => (typeof parseSchedule('0 0 * * *', zone) === 'string' ? 'Unknown time zone' : undefined),
  }),
  'config.action.reload': oneOfKey(['none', 'restart'], {
    doc: 'Action when a configuration provider reports a changed value.',
    default: 'restart',
    importance: 'low',
    group: 'Common',
    order: 14,
    width: 'medium',
    displayName: 'Reload Action',
  }),
  'errors.retry.timeout': longKey({
    doc: 'Maximum milliseconds to retry an operation of a transform or converter that failed temporarily; 0 disables retries, -1 retries without limit. Those of Millrace have no temporary failures. Writes to Kafka and to the destination are always retried.',
    default: 0,
    group: 'Error Handling',
    order: 1,
    width: 'medium',
    displayName: 'Retry Timeout for Errors',
  }),
  'errors.retry.delay.max.ms': longKey({
    doc: 'Maximum milliseconds between two retries of such an operation.',
    default: 60_000,
    group: 'Error Handling',
    order: 2,
    width: 'medium',
    displayName: 'Maximum Delay Between Retries for Errors',
  }),
  'errors.tolerance': oneOfKey(['none', 'all'], {
    doc: "Behavior for a record that cannot be processed. 'none': the task fails; 'all': the record is skipped, and sinks send it to the dead letter queue if there is one.",
    default: 'none',
    group: 'Error Handling',
    order: 3,
    width: 'short',
    displayName: 'Error Tolerance',
  }),
  'errors.log.enable': booleanKey({
    doc: 'Whether a warning is logged for each record that is skipped.',
    default: false,
    group: 'Error Handling',
    order: 4,
    width: 'short',
    displayName: 'Log Errors',
  }),
  'errors.log.include.messages': booleanKey({
    doc: 'Whether the log includes the position of the failed record. Its content is never logged.',
    default: false,
    group: 'Error Handling',
    order: 5,
    width: 'short',
    displayName: 'Log Error Details',
  }),
};

/** A list of unique names. */
export function aliasList(doc: string, group: string, order: number) {
  return listKey({
    doc,
    default: [],
    importance: 'low',
    group,
    order,
    width: 'long',
    displayName: group === 'Topic Creation' ? 'Topic Creation Groups' : group,
    check: names => (new Set(names).size < names.length ? 'Duplicate alias provided.' : undefined),
  });
}

function converterKey(subject: string, displayName: string, order: number) {
  return classKey({
    doc: `Converter between Connect's data and the bytes of ${subject} in Kafka; its keys are prefixed with the name of this key and a dot. Defaults to the worker's converter.`,
    default: null,
    importance: 'low',
    group: 'Common',
    order,
    width: 'short',
    displayName,
  });
}

function versionKey(subject: string, displayName: string, order: number, importance: 'low' | 'medium' = 'low') {
  return stringKey({
    doc: `Version of the ${subject}, or a range of versions such as [1.0,2.0). Each plugin has one version.`,
    default: null,
    importance,
    group: 'Common',
    order,
    width: importance === 'low' ? 'short' : 'medium',
    displayName,
  });
}
