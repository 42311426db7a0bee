import { strategies } from '../../../src/cdc/naming/topic-naming.ts';
import { atLeast, booleanKey, enumKey, intKey, listKey, longKey, stringKey } from '../../../src/config/spec.ts';
import { UNAVAILABLE_VALUE } from '../../../src/debezium/names.ts';

const events = { group: 'Events', importance: 'medium' } as const;
const advanced = { group: 'Advanced', importance: 'low' } as const;

/** Keys of records, the representation of values, heartbeats and topics. */
export const eventKeys = {
  'tombstones.on.delete': booleanKey({
    ...events,
    default: true,
    doc: 'Writes a tombstone after a deletion, a record with the same key and a null value, so that compaction removes the key.',
  }),
  'skipped.operations': listKey({
    ...events,
    importance: 'low',
    default: ['t'],
    check: operations => {
      const wrong = operations.filter(operation => !/^(c|u|d|t|none)$/.test(operation));
      return wrong.length === 0 ? undefined : `Operations are c, u, d, t or none, not ${wrong.join(', ')}`;
    },
    doc: "Operations without records: 'c', 'u', 'd', 't' (truncate), or 'none'.",
  }),
  'skip.messages.without.change': booleanKey({
    ...events,
    default: false,
    doc: 'Skips updates that change no column of the record; needs REPLICA IDENTITY FULL.',
  }),
  'unavailable.value.placeholder': stringKey({
    ...events,
    default: UNAVAILABLE_VALUE,
    doc: "Placeholder of a large value that an update did not change and that the server therefore does not send. Bytes in hexadecimal after 'hex:'.",
  }),
  'provide.transaction.metadata': booleanKey({
    ...events,
    importance: 'low',
    default: false,
    doc: 'Adds the place in the transaction to records, and writes transaction boundary events to a topic.',
  }),
  'extended.headers.enabled': booleanKey({
    ...events,
    importance: 'low',
    default: false,
    doc: 'Adds headers with the names of the connector and the task to every record. Off by default, unlike in Debezium.',
  }),
  'decimal.handling.mode': enumKey(['precise', 'double', 'string'], {
    ...events,
    default: 'precise',
    doc: "Representation of numeric and money: exactly as Connect's Decimal, as double, or as text.",
  }),
  'time.precision.mode': enumKey(
    ['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
    {
      ...events,
      default: 'adaptive',
      doc: "Representation of dates and times: in the unit of the column's precision ('adaptive'), as Connect's own types in milliseconds, as ISO 8601 text, or always in microseconds or nanoseconds.",
    },
  ),
  'binary.handling.mode': enumKey(['bytes', 'base64', 'base64-url-safe', 'hex'], {
    ...events,
    importance: 'low',
    default: 'bytes',
    doc: 'Representation of bytea: as bytes, or as text in base64 or hexadecimal.',
  }),
  'interval.handling.mode': enumKey(['numeric', 'string'], {
    ...events,
    importance: 'low',
    default: 'numeric',
    doc: 'Representation of intervals: as microseconds, with months of 30.4375 days, or as ISO 8601 text.',
  }),
  'hstore.handling.mode': enumKey(['json', 'map'], {
    ...events,
    importance: 'low',
    default: 'json',
    doc: 'Representation of hstore: as JSON text or as a map.',
  }),
  'money.fraction.digits': intKey({
    ...events,
    importance: 'low',
    default: 2,
    check: value => (value >= 0 && value <= 18 ? undefined : 'Value must be from 0 to 18'),
    doc: 'Fraction digits of money.',
  }),
  'include.unknown.datatypes': booleanKey({
    ...events,
    default: false,
    doc: 'Includes columns of types without a representation of their own, as the bytes of their text.',
  }),
  'schema.name.adjustment.mode': enumKey(['none', 'avro', 'avro_unicode'], {
    ...events,
    importance: 'low',
    default: 'none',
    doc: 'Replacement of characters in schema names that Avro does not allow: none, underscores, or their code points.',
  }),
  'field.name.adjustment.mode': enumKey(['none', 'avro', 'avro_unicode'], {
    ...events,
    importance: 'low',
    default: 'none',
    doc: 'The same for field names.',
  }),

  'heartbeat.interval.ms': intKey({
    ...advanced,
    importance: 'medium',
    default: 0,
    check: atLeast(0),
    doc: 'Interval of records to the heartbeat topic, which also advance the slot of a database without changes; 0 for none.',
  }),
  'heartbeat.action.query': stringKey({
    ...advanced,
    default: null,
    doc: 'Statement that is executed with every heartbeat, instead of the logical decoding message that otherwise advances the slot.',
  }),
  'heartbeat.topics.prefix': stringKey({
    ...advanced,
    default: null,
    doc: 'Prefix of the name of the heartbeat topic; __debezium-heartbeat by default.',
  }),
  'topic.heartbeat.prefix': stringKey({
    ...advanced,
    default: '__debezium-heartbeat',
    doc: 'Prefix of the name of the heartbeat topic.',
  }),
  'topic.transaction': stringKey({
    ...advanced,
    default: 'transaction',
    doc: 'End of the name of the topic of transaction boundary events.',
  }),
  'topic.naming.strategy': stringKey({
    ...advanced,
    default: strategies[0],
    doc: `Naming of topics: $strategies[0]: schema and table; $strategies[1]: only the table.`,
  }),
  'topic.delimiter': stringKey({ ...advanced, default: '.', doc: 'Separator of the parts of a topic name.' }),
  'connection.validation.timeout.ms': longKey({
    ...advanced,
    default: 60_000,
    check: atLeast(1),
    doc: 'Timeout for connecting when a configuration is validated.',
  }),
} as const;
