import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, codes, throwIfError } from '../failures.ts';
import type { NewTopic, TopicDescription } from '../port.ts';
import {
  createTopics as createTopicsRequest,
  deleteTopics as deleteTopicsRequest,
  describeConfigs,
  optionalApis,
} from '../protocol/kafkajs-internals.ts';
import { topicDescriptions } from '../protocol/topic-descriptions.ts';
import { runAdminCall } from './admin-call.ts';

/** Timeout that the controller has to complete a change before it responds. */
const CHANGE_TIMEOUT_MS = 5000;
/** Kafka's limit of a topic name, in characters. */
const MAX_NAME_LENGTH = 249;

/** See `partitions` of the port. */
export async function countPartitions(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const existing = await runAdminCall(cluster, 'describe topics', () => leadersOf(cluster, topics));
  return new Map([...existing].map(([topic, leaders]) => [topic, leaders.length]));
}

/** See `describeTopics` of the port. */
export async function describeTopics(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  if (topics.length === 0) return new Map();
  return runAdminCall(cluster, 'describe topics', async () => {
    const connection = await cluster.anyBroker();
    const descriptions = new Map<string, TopicDescription>();
    if (!connection.supports(optionalApis.TopicDescriptions)) {
      for (const [topic, leaders] of await leadersOf(cluster, topics))
        descriptions.set(topic, { partitions: leaders.length, topicId: '' });
      return descriptions;
    }
    const response = await connection.call(topicDescriptions(topics));
    for (const { errorCode, topic, topicId, partitions } of response.topics) {
      if (errorCode === codes.UNKNOWN_TOPIC_OR_PARTITION) continue;
      throwIfError(errorCode, `topic ${topic}`);
      descriptions.set(topic, { partitions: partitions.length, topicId });
    }
    return descriptions;
  });
}

/** Names of all topics except internal ones. */
export async function listTopics(cluster: Cluster): Promise<readonly string[]> {
  const { topicMetadata } = await runAdminCall(cluster, 'list topics', () => cluster.refreshMetadata([]));
  return topicMetadata.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
}

/** See `createTopics` of the port. */
export async function createTopics(cluster: Cluster, topics: readonly NewTopic[]): Promise<void> {
  const names = topics.map(({ topic }) => topic);
  await runAdminCall(cluster, `create ${topicList(names)}`, async () => {
    const before = await leadersOf(cluster, names);
    const missing = topics.filter(({ topic }) => !before.has(topic));
    if (missing.length > 0) await requestCreation(cluster, missing);
    const existing = missing.length > 0 ? await leadersOf(cluster, names) : before;
    for (const name of names) {
      const leaders = existing.get(name);
      // The controller has created the topic; the brokers receive its metadata a little later.
      if (leaders === undefined || leaders.length === 0 || leaders.some(leader => leader < 0))
        throw new BrokerError(codes.LEADER_NOT_AVAILABLE, `topic ${name}`);
    }
  });
}

async function requestCreation(cluster: Cluster, topics: readonly NewTopic[]): Promise<void> {
  const controller = await cluster.controller();
  const { topicErrors } = await controller.call(
    createTopicsRequest({
      topics: topics.map(({ topic, partitions, replicationFactor, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
      })),
      timeout: CHANGE_TIMEOUT_MS,
    }),
  );
  for (const { topic, errorCode, errorMessage } of topicErrors) {
    // Another client created the topic, or it is being created; its metadata shows when it exists.
    if (errorCode === codes.TOPIC_ALREADY_EXISTS || errorCode === codes.REQUEST_TIMED_OUT) continue;
    throwIfError(errorCode, `topic ${topic}`, errorMessage);
  }
}

export async function deleteTopics(cluster: Cluster, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  await runAdminCall(cluster, `delete ${topicList(topics)}`, async () => {
    await cluster.refreshMetadata(topics);
    const controller = await cluster.controller();
    const { topicErrors } = await controller.call(deleteTopicsRequest({ topics, timeout: CHANGE_TIMEOUT_MS }));
    for (const { topic, errorCode } of topicErrors)
      if (errorCode !== codes.UNKNOWN_TOPIC_OR_PARTITION) throwIfError(errorCode, `topic ${topic}`);
    for (const topic of (await leadersOf(cluster, topics)).keys())
      throw new BrokerError(codes.NETWORK_EXCEPTION, `topic ${topic}`);
  });
}

/** See `topicConfig` of the port. */
export function describeTopicConfig(cluster: Cluster, topic: string): Promise<ReadonlyMap<string, string>> {
  return runAdminCall(cluster, `describe the configuration of topic ${topic}`, async () => {
    const resources = [{ type: 2, name: topic, configNames: [] }];
    const connection = await cluster.anyBroker();
    const [description] = (await connection.call(describeConfigs({ resources, includeSynonyms: false }))).resources;
    throwIfError(description?.errorCode ?? codes.UNKNOWN_SERVER_ERROR, `topic ${topic}`, description?.errorMessage);
    const config = new Map<string, string>();
    for (const { configName, configValue } of description?.configEntries ?? [])
      if (configValue !== null) config.set(configName, configValue);
    return config;
  });
}

/** Leaders of the partitions of the topics that exist. */
async function leadersOf(cluster: Cluster, topics: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const leaders = new Map<string, readonly number[]>();
  if (topics.length === 0) return leaders;
  for (const name of topics) if (name.length > MAX_NAME_LENGTH) throw nameTooLong(name);
  await cluster.refreshMetadata(topics);
  for (const name of topics) {
    const topic = cluster.topic(name);
    if (topic === undefined || topic.error === codes.UNKNOWN_TOPIC_OR_PARTITION) continue;
    throwIfError(topic.error, `topic ${name}`);
    leaders.set(name, topic.leaders);
  }
  return leaders;
}

/** The error that a broker returns; much longer names do not fit into a request. */
const nameTooLong = (name: string): BrokerError =>
  new BrokerError(
    codes.INVALID_TOPIC_EXCEPTION,
    `topic ${name.slice(0, MAX_NAME_LENGTH)}…`,
    `the name has ${name.length} characters, and the maximum is ${MAX_NAME_LENGTH}`,
  );

const topicList = (topics: readonly string[]): string =>
  topics.length === 1 ? `topic ${topics[0]}` : `${topics.length} topics (${topics.slice(0, 3).join(', ')}…)`;
