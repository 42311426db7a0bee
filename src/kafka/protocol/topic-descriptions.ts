import { type FieldReader, FieldWriter } from './fields.ts';
import { flexibleExchange } from './flexible-exchange.ts';
import { type Exchange, optionalApis } from './kafkajs-internals.ts';

export interface PartitionDescription {
  readonly partition: number;
  /** Node id; -1: no leader. */
  readonly leader: number;
  /** Increases with each new leader. */
  readonly leaderEpoch: number;
  /** Node ids; the first is the preferred leader. */
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

export interface TopicDescriptionsResponse {
  /** Node ids of the cluster's live brokers. */
  readonly nodes: readonly number[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly PartitionDescription[];
  }[];
}

/**
 * Metadata version 10 (KIP-516), which kafkajs does not implement: the first version with topic ids. topics: default all.
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function topicDescriptions(topics?: readonly string[]): Exchange<TopicDescriptionsResponse> {
  const body = new FieldWriter().tags();
  // 0: null, that is all topics
  if (topics === undefined) body.unsignedVarint(0);
  else body.compactArray(topics, topic => body.int64(0).int64(0).compactString(topic).tags());
  // allow_auto_topic_creation, include_cluster_authorized_operations, include_topic_authorized_operations
  body.int8(0).int8(0).int8(0).tags();
  return flexibleExchange(optionalApis.TopicDescriptions, body, fields => {
    // throttle_time_ms
    fields.int32();
    const nodes = fields.compactArray(() => {
      const id = fields.int32();
      // host, port, rack
      fields.compactString();
      fields.int32();
      fields.compactString();
      return id;
    });
    // cluster_id, controller_id
    fields.compactString();
    fields.int32();
    return { nodes, topics: fields.compactArray(() => description(fields)) };
  });
}

function description(fields: FieldReader) {
  const errorCode = fields.int16();
  const topic = fields.compactString() ?? '';
  // base64url, as Kafka's tools print it.
  const topicId = fields.slice(16).toString('base64url');
  // is_internal
  fields.slice(1);
  const partitions = fields.compactArray(() => {
    // error_code
    fields.int16();
    const [partition, leader, leaderEpoch] = [fields.int32(), fields.int32(), fields.int32()];
    const [replicas, inSyncReplicas] = [nodeIds(fields), nodeIds(fields)];
    // offline_replicas
    nodeIds(fields);
    return { partition, leader, leaderEpoch, replicas, inSyncReplicas };
  });
  // topic_authorized_operations
  fields.int32();
  return { errorCode, topic, topicId, partitions };
}

function nodeIds(fields: FieldReader): number[] {
  const ids: number[] = [];
  for (let left = fields.unsignedVarint() - 1; left > 0; left--) ids.push(fields.int32());
  return ids;
}
