import type { TopicPartition } from '../../api/index.ts';
import { FieldReader, FieldWriter } from './fields.ts';
import { apis, type Exchange } from './kafkajs-internals.ts';
import { partitionsByTopic } from './topic-partitions.ts';

const [apiKey, apiVersion] = apis['OffsetDelete'] ?? [47, 0];

export interface OffsetDeleteResponse {
  readonly errorCode: number;
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

/** OffsetDelete (KIP-496), which kafkajs does not implement: https://kafka.apache.org/protocol#The_Messages_OffsetDelete */
export function offsetDelete(group: string, partitions: readonly TopicPartition[]): Exchange<OffsetDeleteResponse> {
  const writer = new FieldWriter().string(group);
  writer.array(partitionsByTopic(partitions), ({ topic, partitions: numbers }) => {
    writer.string(topic).array(numbers, partition => writer.int32(partition));
  });
  const buffer = writer.take();
  return {
    request: { apiKey, apiVersion, encode: async () => ({ buffer }) },
    response: { decode: async payload => decode(payload), parse: async decoded => decoded },
  };
}

function decode(payload: Buffer): OffsetDeleteResponse {
  const fields = new FieldReader(payload);
  const errorCode = fields.int16();
  // throttle_time_ms
  fields.int32();
  const responses = fields.array(() => ({
    topic: fields.string() ?? '',
    partitions: fields.array(() => ({ partition: fields.int32(), errorCode: fields.int16() })),
  }));
  return { errorCode, responses };
}
