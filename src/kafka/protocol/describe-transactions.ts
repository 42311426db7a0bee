import type { TopicPartition } from '../../api/index.ts';
import { FieldWriter } from './fields.ts';
import { flexibleExchange } from './flexible-exchange.ts';
import { type Exchange, optionalApis } from './kafkajs-internals.ts';
import { partitionsByTopic } from './topic-partitions.ts';

// Requests about transactions (KIP-664), which kafkajs does not implement.

export interface DescribeTransactionsResponse {
  readonly states: readonly {
    readonly errorCode: number;
    readonly state: string;
    readonly timeoutMs: number;
    /** Milliseconds since 1970; -1: no transaction is open. */
    readonly startedAt: number;
  }[];
}

/** DescribeTransactions: the state of one transactional id at its coordinator, such as Ongoing, PrepareCommit or CompleteCommit. */
export function describeTransactions(transactionalId: string): Exchange<DescribeTransactionsResponse> {
  const body = new FieldWriter().tags();
  body.compactArray([transactionalId], id => body.compactString(id)).tags();
  return flexibleExchange(optionalApis.DescribeTransactions, body, fields => {
    fields.int32();
    const states = fields.compactArray(() => {
      const errorCode = fields.int16();
      fields.compactString();
      const state = fields.compactString() ?? '';
      const [timeoutMs, startedAt] = [fields.int32(), fields.int64()];
      // producer_id, producer_epoch
      fields.slice(8 + 2);
      fields.compactArray(() => {
        fields.compactString();
        for (let left = fields.unsignedVarint() - 1; left > 0; left--) fields.int32();
      });
      return { errorCode, state, timeoutMs, startedAt };
    });
    return { states };
  });
}

export interface ListTransactionsResponse {
  readonly errorCode: number;
  readonly transactions: readonly {
    readonly transactionalId: string;
    readonly producerId: number;
    readonly state: string;
  }[];
}

/** ListTransactions: transactions of these producers, or of all if []. Each broker lists those that it coordinates. */
export function listTransactions(producerIds: readonly number[]): Exchange<ListTransactionsResponse> {
  const body = new FieldWriter().tags();
  // state_filters
  body.compactArray([], () => {}).compactArray(producerIds, id => body.int64(id));
  return flexibleExchange(optionalApis.ListTransactions, body.tags(), fields => {
    fields.int32();
    const errorCode = fields.int16();
    for (let left = fields.unsignedVarint() - 1; left > 0; left--) fields.compactString();
    const transactions = fields.compactArray(() => {
      const [transactionalId, producerId] = [fields.compactString() ?? '', fields.int64()];
      return { transactionalId, producerId, state: fields.compactString() ?? '' };
    });
    return { errorCode, transactions };
  });
}

export interface DescribeProducersResponse {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly producers: readonly {
        readonly producerId: number;
        /** First offset of its open transaction in the partition; -1: it has none. */
        readonly transactionStartOffset: number;
      }[];
    }[];
  }[];
}

/** DescribeProducers: producers that have written to partitions, and their open transactions. Send it to the leader. */
export function describeProducers(partitions: readonly TopicPartition[]): Exchange<DescribeProducersResponse> {
  const body = new FieldWriter().tags();
  body.compactArray(partitionsByTopic(partitions), ({ topic, partitions: numbers }) => {
    body.compactString(topic).compactArray(numbers, partition => body.int32(partition));
    body.tags();
  });
  return flexibleExchange(optionalApis.DescribeProducers, body.tags(), fields => {
    fields.int32();
    const topics = fields.compactArray(() => ({
      topic: fields.compactString() ?? '',
      partitions: fields.compactArray(() => {
        const [partition, errorCode] = [fields.int32(), fields.int16()];
        fields.compactString();
        const producers = fields.compactArray(() => {
          const producerId = fields.int64();
          // producer_epoch, last_sequence, last_timestamp, coordinator_epoch
          fields.slice(4 + 4 + 8 + 4);
          return { producerId, transactionStartOffset: fields.int64() };
        });
        return { partition, errorCode, producers };
      }),
    }));
    return { topics };
  });
}
