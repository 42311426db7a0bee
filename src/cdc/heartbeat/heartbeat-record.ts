import type { SourceRecord } from '../../api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../api/index.ts';
import { NO_HEADERS } from '../record/record-builder.ts';

const keySchema = structOf(
  { serverName: schemaOf('string') },
  { name: 'io.debezium.connector.common.ServerNameKey', version: 1 },
);
const valueSchema = structOf(
  { ts_ms: schemaOf('int64') },
  { name: 'io.debezium.connector.common.Heartbeat', version: 1 },
);

/** A record of the heartbeat topic, written with the position although nothing has changed. */
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
