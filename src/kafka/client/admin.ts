import type { TopicPartition } from '../../api/index.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { EARLIEST, LATEST, listPartitionOffsets } from '../cluster/list-offsets.ts';
import { retry } from '../cluster/retry.ts';
import { BrokerError, codes, hasCoordinatorMoved, throwIfError, toMillraceError } from '../failures.ts';
import type { Confirm, GroupOffset, GroupOffsets, KafkaAdmin, NewTopic, TopicDescription } from '../port.ts';
import {
  allGroupOffsets,
  clusterMetadata,
  createTopics,
  deleteTopics,
  describeConfigs,
  type Exchange,
  offsetCommit,
  offsetFetch,
  optionalApis,
} from '../protocol/kafkajs-internals.ts';
import { offsetDelete } from '../protocol/offset-delete.ts';
import { topicDescriptions } from '../protocol/topic-descriptions.ts';
import { offsetsByTopic, partitionObjectsByTopic } from '../protocol/topic-partitions.ts';

/** Timeout that the controller has to complete a change before it responds. */
const CHANGE_TIMEOUT_MS = 5000;
/** Kafka's limit of a topic name, in characters. */
const MAX_NAME_LENGTH = 249;

/** See the port. Each call is retried until the request timeout has passed. */
export function kafkaAdmin(cluster: Cluster): KafkaAdmin {
  /** Runs an operation with retries. operation: completes the error message "Cannot <operation>: …". */
  async function run<T>(
    operation: string,
    attempt: () => Promise<T>,
    beforeRetry?: (error: unknown) => void,
  ): Promise<T> {
    try {
      return await retry(attempt, {
        deadline: cluster.deadline(),
        signal: cluster.signal,
        firstBackoffMs: 20,
        ...(beforeRetry === undefined ? {} : { beforeRetry }),
      });
    } catch (error) {
      throw toMillraceError(error, operation, 'SOURCE_SETUP');
    }
  }

  const call = async <R>(exchange: Exchange<R>): Promise<R> => (await cluster.anyBroker()).call(exchange);

  /** Leaders of the partitions of the topics that exist. */
  async function leadersOf(topics: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
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

  const group = async <T>(
    name: string,
    operation: string,
    attempt: (coordinator: Connection) => Promise<T>,
  ): Promise<T> =>
    run(
      operation,
      async () => attempt(await cluster.coordinator('group', name)),
      error => {
        if (hasCoordinatorMoved(error)) cluster.invalidateCoordinator('group', name);
      },
    );

  return {
    async clusterId() {
      const { clusterId } = await run('describe the cluster', () => call(clusterMetadata()));
      return clusterId ?? '';
    },

    async partitions(topics) {
      const existing = await run('describe topics', () => leadersOf(topics));
      return new Map([...existing].map(([topic, leaders]) => [topic, leaders.length]));
    },

    async describeTopics(topics) {
      if (topics.length === 0) return new Map();
      return run('describe topics', async () => {
        const connection = await cluster.anyBroker();
        if (!connection.supports(optionalApis.TopicDescriptions))
          return new Map(
            [...(await leadersOf(topics))].map(([topic, leaders]) => [
              topic,
              { partitions: leaders.length, topicId: '' },
            ]),
          );
        const descriptions = new Map<string, TopicDescription>();
        for (const { errorCode, topic, topicId, partitions } of (await connection.call(topicDescriptions(topics)))
          .topics) {
          if (errorCode === codes.UNKNOWN_TOPIC_OR_PARTITION) continue;
          throwIfError(errorCode, `topic ${topic}`);
          descriptions.set(topic, { partitions: partitions.length, topicId });
        }
        return descriptions;
      });
    },

    async topics() {
      const { topicMetadata } = await run('list topics', () => cluster.refreshMetadata([]));
      return topicMetadata.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
    },

    async createTopics(topics: readonly NewTopic[]) {
      const names = topics.map(({ topic }) => topic);
      await run(`create ${topicList(names)}`, async () => {
        const before = await leadersOf(names);
        const missing = topics.filter(({ topic }) => !before.has(topic));
        if (missing.length > 0) await create(missing);
        const existing = missing.length > 0 ? await leadersOf(names) : before;
        for (const name of names) {
          const leaders = existing.get(name);
          // The controller has created the topic; the brokers receive its metadata a little later.
          if (leaders === undefined || leaders.length === 0 || leaders.some(leader => leader < 0))
            throw new BrokerError(codes.LEADER_NOT_AVAILABLE, `topic ${name}`);
        }
      });
    },

    async deleteTopics(topics) {
      if (topics.length === 0) return;
      await run(`delete ${topicList(topics)}`, async () => {
        await cluster.refreshMetadata(topics);
        const controller = await cluster.controller();
        const { topicErrors } = await controller.call(deleteTopics({ topics, timeout: CHANGE_TIMEOUT_MS }));
        for (const { topic, errorCode } of topicErrors)
          if (errorCode !== codes.UNKNOWN_TOPIC_OR_PARTITION) throwIfError(errorCode, `topic ${topic}`);
        for (const topic of (await leadersOf(topics)).keys())
          throw new BrokerError(codes.NETWORK_EXCEPTION, `topic ${topic}`);
      });
    },

    async offsets(partitions) {
      return run('list offsets', async () => {
        // Listed in this order, low <= end <= high.
        const lows = await listPartitionOffsets(cluster, partitions, EARLIEST, 'read_uncommitted');
        const ends = await listPartitionOffsets(cluster, partitions, LATEST, 'read_committed');
        const highs = await listPartitionOffsets(cluster, partitions, LATEST, 'read_uncommitted');
        return partitions.map(({ topic, partition }, i) => ({
          topic,
          partition,
          low: lows[i] ?? 0,
          end: ends[i] ?? 0,
          high: highs[i] ?? 0,
        }));
      });
    },

    async offsetsForTimestamp(partitions, timestamp) {
      return run('list offsets', async () => {
        const offsets = await listPartitionOffsets(cluster, partitions, timestamp, 'read_uncommitted');
        return offsets.map(offset => (offset < 0 ? null : offset));
      });
    },

    async topicConfig(topic) {
      return run(`describe the configuration of topic ${topic}`, async () => {
        const resources = [{ type: 2, name: topic, configNames: [] }];
        const [description] = (await call(describeConfigs({ resources, includeSynonyms: false }))).resources;
        throwIfError(description?.errorCode ?? codes.UNKNOWN_SERVER_ERROR, `topic ${topic}`, description?.errorMessage);
        const config = new Map<string, string>();
        for (const { configName, configValue } of description?.configEntries ?? [])
          if (configValue !== null) config.set(configName, configValue);
        return config;
      });
    },

    async groupOffsets(name: string, partitions?: readonly TopicPartition[]) {
      if (partitions?.length === 0) return [];
      const request =
        partitions === undefined
          ? allGroupOffsets(name)
          : offsetFetch({ groupId: name, topics: partitionObjectsByTopic(partitions) });
      return group(name, `read the offsets of consumer group ${name}`, async coordinator => {
        const { errorCode, responses } = await coordinator.call(request);
        throwIfError(errorCode, `consumer group ${name}`);
        const offsets: GroupOffset[] = [];
        for (const { topic, partitions: results } of responses)
          for (const { partition, offset, metadata, errorCode: code } of results) {
            throwIfError(code, `partition ${partition} of topic ${topic}`);
            if (Number(offset) >= 0)
              offsets.push({ topic, partition, offset: Number(offset), ...(metadata ? { metadata } : {}) });
          }
        return offsets;
      });
    },

    async commitGroupOffsets({ group: name, offsets }: GroupOffsets, confirm?: Confirm) {
      if (offsets.length === 0) return;
      // No generation and no member: the commit of a consumer with manually assigned partitions.
      const request = offsetCommit({
        groupId: name,
        groupGenerationId: -1,
        memberId: '',
        topics: offsetsByTopic(offsets),
      });
      await group(name, `commit offsets of consumer group ${name}`, async coordinator => {
        await confirm?.();
        const { responses } = await coordinator.call(request);
        for (const { topic, partitions } of responses)
          for (const { partition, errorCode } of partitions)
            throwIfError(
              errorCode,
              `partition ${partition} of topic ${topic}`,
              errorCode === codes.UNKNOWN_MEMBER_ID ? 'the group has members; stop its consumers first' : null,
            );
      });
    },

    async deleteGroupOffsets(name, partitions, confirm) {
      if (partitions.length === 0) return;
      const request = offsetDelete(name, partitions);
      await group(name, `delete offsets of consumer group ${name}`, async coordinator => {
        await confirm?.();
        const { errorCode, responses } = await coordinator.call(request);
        // The group has no offsets to delete.
        if (errorCode === codes.GROUP_ID_NOT_FOUND) return;
        throwIfError(errorCode, `consumer group ${name}`);
        for (const { topic, partitions: results } of responses)
          for (const { partition, errorCode: code } of results)
            if (code !== codes.UNKNOWN_TOPIC_OR_PARTITION)
              throwIfError(code, `partition ${partition} of topic ${topic}`);
      });
    },
  };

  async function create(topics: readonly NewTopic[]): Promise<void> {
    const controller = await cluster.controller();
    const { topicErrors } = await controller.call(
      createTopics({
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
