import { MillraceError, RecordTooLargeError } from '../../errors.ts';
import { BrokerError, codes } from '../failures.ts';
import type { TopicCatalogue } from './topic-catalogue.ts';
import type { TransactionBatch } from './transaction-batch.ts';

/**
 * Explains the rejection of records that passed the checks against their topic's limits: the limits have changed, or the client
 * may not describe them. Returns other errors unchanged.
 */
export async function explainRejection(
  error: unknown,
  batch: TransactionBatch,
  catalogue: TopicCatalogue,
): Promise<unknown> {
  if (!(error instanceof BrokerError)) return error;
  const retriable = (reason: string) =>
    new MillraceError('KAFKA_UNAVAILABLE', `${reason}; the commit is retried.`, { cause: error });
  if (error.code === codes.INVALID_TIMESTAMP)
    return retriable(
      `Kafka rejected the timestamp of a record (${error.message}): compare the clocks of this worker and the broker`,
    );
  if (error.code !== codes.MESSAGE_TOO_LARGE) return error;
  const partitions = batch.partitions();
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const lowered = await catalogue.findLoweredLimit(topics).catch(() => undefined);
  if (lowered !== undefined) return retriable(`Topic ${lowered} has a lower max.message.bytes than before`);
  const sizes = partitions.flatMap(({ topic, batches }) => batches.map(({ length }) => ({ topic, length })));
  const [largest] = sizes.sort((a, b) => b.length - a.length);
  if (largest === undefined) return error;
  return new RecordTooLargeError(
    `Kafka returned ${error.message}; the largest record or batch of the transaction has ${largest.length} bytes, for topic ${largest.topic}. ` +
      "Raise max.message.bytes of that topic. Grant the worker's user DESCRIBE_CONFIGS on topics so that the message " +
      'can name the record.',
    { cause: error },
  );
}
