import { MillraceError } from '../../../src/errors.ts';
import type { KafkaClient, TransactionalProducer } from '../../../src/kafka/port.ts';
import { append, readAll } from './clients.ts';

export interface Outcome {
  /** Error codes, one per producer that was discarded. */
  readonly failures: readonly string[];
}

/**
 * Writes the numbers 0 … total - 1 to partition 0 of a topic like a source task: fence, read the committed position,
 * continue after it in transactions of `each`; repeats this after a retriable error. `committed` is called with the
 * position after each transaction, and ends the work early by returning false.
 */
export async function writeExactlyOnce(
  client: KafkaClient,
  topic: string,
  transactionalId: string,
  options: { readonly total: number; readonly each: number; readonly group?: string; readonly timeoutMs?: number },
  committed: (position: number) => boolean = () => true,
): Promise<Outcome> {
  const { total, each, group, timeoutMs = 20_000 } = options;
  const failures: string[] = [];
  for (;;) {
    let producer: TransactionalProducer | undefined;
    try {
      producer = await client.producer({
        transactionalId,
        compression: 'lz4',
        transactionTimeoutMs: timeoutMs,
        positionTopics: [topic],
      });
      await producer.prepare([topic]);
      let position = (await readAll(client, topic)).length;
      while (position < total) {
        const batch = producer.batch();
        const end = Math.min(total, position + each);
        for (let i = position; i < end; i++) append(batch, topic, { partition: 0, value: `${i}` });
        await producer.commit(
          batch,
          group === undefined ? undefined : { group, offsets: [{ topic, partition: 0, offset: end }] },
        );
        position = end;
        if (!committed(position)) break;
      }
      return { failures };
    } catch (error) {
      if (!(error instanceof MillraceError) || error.kind !== 'retriable') throw error;
      failures.push(error.code);
    } finally {
      await producer?.close();
    }
  }
}

export const numbers = (total: number): string[] => Array.from({ length: total }, (_, i) => `${i}`);
