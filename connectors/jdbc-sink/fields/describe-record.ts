import type { SinkRecord } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';

/** Coordinates of a record in Kafka, for messages. */
export const describeRecord = ({ originalTopic, originalPartition, offset, timestamp }: SinkRecord): string =>
  `the record at (topic='${originalTopic}',partition=${originalPartition},offset=${offset},timestamp=${timestamp})`;

export function missingKeyError(record: SinkRecord, pkMode: string): DataError {
  return new DataError(
    `The JDBC sink connector is configured with '${pkMode}=record_key' and therefore requires non-null record keys, ` +
      `but found ${describeRecord(record)} with a null key and ${record.keySchema?.type ?? 'null'} key schema.`,
  );
}
