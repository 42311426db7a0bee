import { type Exchange, laterApis } from './kafkajs-internals.ts';
import { Fields, FieldWriter } from './wire.ts';

export interface TopicDescriptionsResponse {
  readonly topics: readonly {
    readonly errorCode: number;
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: number;
  }[];
}

/**
 * Metadata version 10 (KIP-516), which kafkajs does not have: the first with the ids of topics.
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function topicDescriptions(topics: readonly string[]): Exchange<TopicDescriptionsResponse> {
  const [apiKey, apiVersion] = laterApis.TopicDescriptions;
  const body = new FieldWriter().tags();
  body.compactArray(topics, topic => body.int64(0).int64(0).compactString(topic).tags());
  // allow_auto_topic_creation, include_cluster_authorized_operations, include_topic_authorized_operations
  const buffer = body.int8(0).int8(0).int8(0).tags().take();
  return {
    request: { apiKey, apiVersion, encode: async () => ({ buffer }) },
    response: {
      decode: async payload => {
        const fields = new Fields(payload);
        fields.tags();
        // throttle_time_ms
        fields.int32();
        fields.compactArray(() => {
          fields.int32();
          fields.compactString();
          fields.int32();
          fields.compactString();
        });
        // cluster_id, controller_id
        fields.compactString();
        fields.int32();
        return { topics: fields.compactArray(() => description(fields)) };
      },
      parse: async decoded => decoded,
    },
  };
}

function description(fields: Fields) {
  const errorCode = fields.int16();
  const topic = fields.compactString() ?? '';
  // As Kafka's own tools print it.
  const topicId = fields.slice(16).toString('base64url');
  // is_internal
  fields.slice(1);
  const partitions = fields.compactArray(() => {
    // error_code, partition_index, leader_id, leader_epoch
    fields.slice(2 + 4 + 4 + 4);
    for (let list = 0; list < 3; list++) for (let n = fields.unsignedVarint() - 1; n > 0; n--) fields.int32();
  }).length;
  // topic_authorized_operations
  fields.int32();
  return { errorCode, topic, topicId, partitions };
}
