import type { SourceRecord } from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { NO_HEADERS } from './records.ts';

const keySchema = structOf(
  { serverName: schemaOf('string') },
  { name: 'io.debezium.connector.common.ServerNameKey', version: 1 },
);
const valueSchema = structOf(
  { ts_ms: schemaOf('int64') },
  { name: 'io.debezium.connector.common.Heartbeat', version: 1 },
);

/** `heartbeat.interval.ms`: says that the connector lives and how far it has come, though nothing changes. */
export function heartbeatRecord(topic: string, server: string): SourceRecord {
  return {
    topic,
    partition: null,
    keySchema,
    key: new ValueStruct(keySchema, [server]),
    valueSchema,
    value: new ValueStruct(valueSchema, [BigInt(Date.now())]),
    timestamp: null,
    headers: NO_HEADERS,
  };
}

/** Prefix of the log messages that move a quiet database's log on. */
export const HEARTBEAT_MESSAGE = 'millrace.heartbeat';
/** Prefix of those that make the server flush its log. */
export const FLUSH_MESSAGE = 'millrace.flush';

/** No records come of them. */
export const isOwnMessage = (prefix: string): boolean => prefix === HEARTBEAT_MESSAGE || prefix === FLUSH_MESSAGE;
