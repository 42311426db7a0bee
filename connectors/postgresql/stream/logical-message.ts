import type { SourceRecord, Struct, StructSchema, Value } from '../../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct, withOptional } from '../../../src/api/index.ts';
import { type SourceTable, toMillis } from '../../../src/cdc/record/change-source.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import type { ReadTime } from '../../../src/cdc/record/read-time.ts';
import { NO_HEADERS } from '../../../src/cdc/record/record-builder.ts';
import {
  type TransactionMember,
  type TransactionOrder,
  transactionBlock,
  transactionStruct,
} from '../../../src/cdc/record/transaction-block.ts';
import { type PostgresSource, sourceSchema, sourceText } from '../source-info.ts';
import { type BinaryMode, unknown } from '../types/bytes.ts';
import type { LogicalMessage } from './pgoutput.ts';

/** Key of records of `pg_logical_emit_message`, which have op m and a topic of their own. */
const keySchema = structOf(
  { prefix: schemaOf('string', { optional: true }) },
  { name: 'io.debezium.connector.postgresql.MessageKey', version: 1 },
);

/** Schemas and topic of messages. `binary.handling.mode` applies to the content. */
export class MessageFormat {
  readonly schema: StructSchema;
  readonly message: StructSchema;
  readonly topic: string;
  readonly #content: Codec;

  constructor(topic: string, mode: BinaryMode) {
    this.topic = topic;
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

export class MessageValue implements Struct, TransactionMember {
  readonly schema: StructSchema;
  readonly source: PostgresSource;
  readonly message: LogicalMessage;
  order: TransactionOrder | null = null;
  readonly #format: MessageFormat;
  readonly #readTime: ReadTime;

  constructor(format: MessageFormat, source: PostgresSource, message: LogicalMessage, readTime: ReadTime) {
    this.schema = format.schema;
    this.#format = format;
    this.source = source;
    this.message = message;
    this.#readTime = readTime;
  }

  get transactionId(): string | null {
    return this.source.transactionId(this.message.lsn);
  }

  get collection(): string {
    return this.message.prefix;
  }

  at(i: number): Value {
    switch (i) {
      case 0:
        return 'm';
      case 1:
        return BigInt(toMillis(this.#readTime.micros));
      case 2:
        return this.source.struct(NO_TABLE, this.message.lsn, 'false');
      case 3:
        return transactionStruct(this.order);
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
