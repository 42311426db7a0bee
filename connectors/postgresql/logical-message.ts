import type { SourceRecord, Struct, StructSchema, Value } from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct, withOptional } from '../../src/api/index.ts';
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
import { type BinaryMode, unknown } from './types/bytes.ts';
import type { Codec } from './types/codec.ts';

/** Records of `pg_logical_emit_message`: op m, on a topic of their own, keyed by the message's prefix. */
const keySchema = structOf(
  { prefix: schemaOf('string', { optional: true }) },
  { name: 'io.debezium.connector.postgresql.MessageKey', version: 1 },
);

/** `binary.handling.mode` is for the content too. */
export class MessageFormat {
  readonly schema: StructSchema;
  readonly message: StructSchema;
  readonly topic: string;
  readonly names: SourceNames;
  readonly #content: Codec;

  constructor(topic: string, names: SourceNames, mode: BinaryMode) {
    this.topic = topic;
    this.names = names;
    this.#content = unknown(mode);
    this.message = structOf(
      { prefix: schemaOf('string', { optional: true }), content: withOptional(this.#content.schema, true) },
      { name: 'io.debezium.connector.postgresql.Message', version: 1 },
    );
    this.schema = structOf(
      {
        op: schemaOf('string'),
        ts_ms: schemaOf('int64', { optional: true }),
        source: sourceSchema,
        transaction: transactionBlock,
        message: this.message,
      },
      { name: 'io.debezium.connector.postgresql.MessageValue', version: 1 },
    );
  }

  struct({ prefix, content }: LogicalMessage): Value {
    return new ValueStruct(this.message, [prefix, this.#content.value(content, 0, content.length)]);
  }
}

const NO_TABLE: SourceTable = { schema: '', name: '', sourceText: sourceText('', '') };

export class MessageValue implements Struct {
  readonly schema: StructSchema;
  readonly origin: Origin;
  readonly message: LogicalMessage;
  order: TransactionOrder | null = null;
  readonly #format: MessageFormat;
  readonly #tick: Tick;

  constructor(format: MessageFormat, origin: Origin, message: LogicalMessage, tick: Tick) {
    this.schema = format.schema;
    this.#format = format;
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
        return new SourceStruct(this.#format.names, this.origin, NO_TABLE, this.message.lsn, 'false');
      case 3:
        return this.order === null
          ? null
          : new ValueStruct(transactionBlock, [this.order.id, BigInt(this.order.total), BigInt(this.order.inTable)]);
      case 4:
        return this.#format.struct(this.message);
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
    valueSchema: value.schema,
    value,
    timestamp: null,
    headers: NO_HEADERS,
  };
}
