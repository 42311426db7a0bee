import type { SourceRecord, Struct, Value } from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import type { Tick } from './clock.ts';
import { type TransactionOrder, transactionBlock } from './envelope.ts';
import type { LogicalMessage } from './pgoutput.ts';
import { NO_HEADERS } from './records.ts';
import {
  millis,
  type Origin,
  type SourceNames,
  SourceStruct,
  type SourceTable,
  sourceSchema,
  sourceText,
} from './source-info.ts';

/** Records of `pg_logical_emit_message`: op m, on a topic of their own, keyed by the message's prefix. */
const keySchema = structOf(
  { prefix: schemaOf('string', { optional: true }) },
  { name: 'io.debezium.connector.postgresql.MessageKey', version: 1 },
);
const messageSchema = structOf(
  { prefix: schemaOf('string', { optional: true }), content: schemaOf('bytes', { optional: true }) },
  { name: 'io.debezium.connector.postgresql.Message', version: 1 },
);
const valueSchema = structOf(
  {
    op: schemaOf('string'),
    ts_ms: schemaOf('int64', { optional: true }),
    source: sourceSchema,
    transaction: transactionBlock,
    message: messageSchema,
  },
  { name: 'io.debezium.connector.postgresql.MessageValue', version: 1 },
);

const NO_TABLE: SourceTable = { schema: '', name: '', sourceText: sourceText('', '') };

export class MessageValue implements Struct {
  readonly schema = valueSchema;
  readonly origin: Origin;
  readonly message: LogicalMessage;
  order: TransactionOrder | null = null;
  readonly #names: SourceNames;
  readonly #tick: Tick;

  constructor(names: SourceNames, origin: Origin, message: LogicalMessage, tick: Tick) {
    this.#names = names;
    this.origin = origin;
    this.message = message;
    this.#tick = tick;
  }

  get lsn(): number {
    return this.message.lsn;
  }

  at(i: number): Value {
    switch (i) {
      case 0:
        return 'm';
      case 1:
        return BigInt(millis(this.#tick.micros));
      case 2:
        return new SourceStruct(this.#names, this.origin, NO_TABLE, this.message.lsn, 'false');
      case 3:
        return this.order === null
          ? null
          : new ValueStruct(transactionBlock, [this.order.id, BigInt(this.order.total), BigInt(this.order.inTable)]);
      case 4:
        return new ValueStruct(messageSchema, [this.message.prefix, this.message.content]);
      default:
        return null;
    }
  }
}

export function messageRecord(topic: string, value: MessageValue): SourceRecord {
  return {
    topic,
    partition: null,
    keySchema,
    key: new ValueStruct(keySchema, [value.message.prefix]),
    valueSchema,
    value,
    timestamp: null,
    headers: NO_HEADERS,
  };
}
