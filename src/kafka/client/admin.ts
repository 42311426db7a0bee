import type { TopicPartition } from '../../api/index.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { EARLIEST, LATEST, offsetsAt } from '../cluster/list-offsets.ts';
import { persist } from '../cluster/retry.ts';
import { BrokerError, codes, coordinatorIsElsewhere, failIf, millraceError } from '../failures.ts';
import type { Confirm, GroupOffset, GroupOffsets, KafkaAdmin, NewTopic, TopicDescription } from '../port.ts';
import {
  allOffsets,
  clusterMetadata,
  createTopics,
  deleteTopics,
  describeConfigs,
  type Exchange,
  laterApis,
  offsetCommit,
  offsetFetch,
} from '../protocol/kafkajs-internals.ts';
import { offsetDelete } from '../protocol/offset-delete.ts';
import { topicDescriptions } from '../protocol/topic-descriptions.ts';
import { offsetsByTopic, withPartitions } from '../protocol/topic-partitions.ts';

/** How long the controller may take to carry out a change before it answers. */
const CHANGE_TIMEOUT_MS = 5000;
/** Characters of a topic's name. */
const LONGEST_NAME = 249;

/** See the port. Each call is tried again for as long as one request may take. */
export function kafkaAdmin(cluster: Cluster): KafkaAdmin {
  /** One task in the words of an error message: "Cannot <doing>: …". */
  async function run<T>(doing: string, attempt: () => Promise<T>, again?: (error: unknown) => void): Promise<T> {
    try {
      return await persist(attempt, {
        deadline: cluster.deadline(),
        signal: cluster.signal,
        first: 20,
        ...(again === undefined ? {} : { again }),
      });
    } catch (error) {
      throw millraceError(error, doing, 'SOURCE_SETUP');
    }
  }

  const call = async <R>(exchange: Exchange<R>): Promise<R> => (await cluster.any()).call(exchange);

  /** Those that are there, with their partitions' leaders. */
  async function known(topics: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const found = new Map<string, readonly number[]>();
    if (topics.length === 0) return found;
    for (const name of topics) if (name.length > LONGEST_NAME) throw tooLong(name);
    await cluster.refresh(topics);
    for (const name of topics) {
      const topic = cluster.topic(name);
      if (topic === undefined || topic.error === codes.UNKNOWN_TOPIC_OR_PARTITION) continue;
      failIf(topic.error, `topic ${name}`);
      found.set(name, topic.leaders);
    }
    return found;
  }

  const group = async <T>(name: string, doing: string, attempt: (coordinator: Connection) => Promise<T>): Promise<T> =>
    run(
      doing,
      async () => attempt(await cluster.coordinator('group', name)),
      error => {
        if (coordinatorIsElsewhere(error)) cluster.forgetCoordinator('group', name);
      },
    );

  return {
    async clusterId() {
      const { clusterId } = await run('ask for the cluster', () => call(clusterMetadata()));
      return clusterId ?? '';
    },

    async partitions(topics) {
      const found = await run('ask for topics', () => known(topics));
      return new Map([...found].map(([topic, leaders]) => [topic, leaders.length]));
    },

    async describeTopics(topics) {
      if (topics.length === 0) return new Map();
      return run('ask for topics', async () => {
        const connection = await cluster.any();
        if (!connection.knows(laterApis.TopicDescriptions))
          return new Map(
            [...(await known(topics))].map(([topic, leaders]) => [topic, { partitions: leaders.length, topicId: '' }]),
          );
        const found = new Map<string, TopicDescription>();
        for (const { errorCode, topic, topicId, partitions } of (await connection.call(topicDescriptions(topics)))
          .topics) {
          if (errorCode === codes.UNKNOWN_TOPIC_OR_PARTITION) continue;
          failIf(errorCode, `topic ${topic}`);
          found.set(topic, { partitions: partitions.length, topicId });
        }
        return found;
      });
    },

    async topics() {
      const { topicMetadata } = await run('list topics', () => cluster.refresh([]));
      return topicMetadata.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
    },

    async createTopics(topics: readonly NewTopic[]) {
      const names = topics.map(({ topic }) => topic);
      await run(`create ${listed(names)}`, async () => {
        const found = await known(names);
        const missing = topics.filter(({ topic }) => !found.has(topic));
        if (missing.length > 0) await create(missing);
        const there = missing.length > 0 ? await known(names) : found;
        for (const name of names) {
          const leaders = there.get(name);
          // The controller has made it; the brokers hear of it a little later.
          if (leaders === undefined || leaders.length === 0 || leaders.some(leader => leader < 0))
            throw new BrokerError(codes.LEADER_NOT_AVAILABLE, `topic ${name}`);
        }
      });
    },

    async deleteTopics(topics) {
      if (topics.length === 0) return;
      await run(`delete ${listed(topics)}`, async () => {
        await cluster.refresh(topics);
        const controller = await cluster.controller();
        const { topicErrors } = await controller.call(deleteTopics({ topics, timeout: CHANGE_TIMEOUT_MS }));
        for (const { topic, errorCode } of topicErrors)
          if (errorCode !== codes.UNKNOWN_TOPIC_OR_PARTITION) failIf(errorCode, `topic ${topic}`);
        for (const topic of (await known(topics)).keys())
          throw new BrokerError(codes.NETWORK_EXCEPTION, `topic ${topic}`);
      });
    },

    async offsets(partitions) {
      return run('ask for offsets', async () => {
        // In this order, each is at most the next.
        const lows = await offsetsAt(cluster, partitions, EARLIEST, 'read_uncommitted');
        const ends = await offsetsAt(cluster, partitions, LATEST, 'read_committed');
        const highs = await offsetsAt(cluster, partitions, LATEST, 'read_uncommitted');
        return partitions.map(({ topic, partition }, i) => ({
          topic,
          partition,
          low: lows[i] ?? 0,
          end: ends[i] ?? 0,
          high: highs[i] ?? 0,
        }));
      });
    },

    async offsetsSince(partitions, timestamp) {
      return run('ask for offsets', async () => {
        const found = await offsetsAt(cluster, partitions, timestamp, 'read_uncommitted');
        return found.map(offset => (offset < 0 ? null : offset));
      });
    },

    async topicConfig(topic) {
      return run(`ask for the configuration of topic ${topic}`, async () => {
        const resources = [{ type: 2, name: topic, configNames: [] }];
        const [answer] = (await call(describeConfigs({ resources, includeSynonyms: false }))).resources;
        failIf(answer?.errorCode ?? codes.UNKNOWN_SERVER_ERROR, `topic ${topic}`, answer?.errorMessage);
        const config = new Map<string, string>();
        for (const { configName, configValue } of answer?.configEntries ?? [])
          if (configValue !== null) config.set(configName, configValue);
        return config;
      });
    },

    async groupOffsets(name: string, partitions?: readonly TopicPartition[]) {
      if (partitions?.length === 0) return [];
      const request =
        partitions === undefined
          ? allOffsets(name)
          : offsetFetch({ groupId: name, topics: withPartitions(partitions) });
      return group(name, `read the offsets of consumer group ${name}`, async coordinator => {
        const { errorCode, responses } = await coordinator.call(request);
        failIf(errorCode, `consumer group ${name}`);
        const offsets: GroupOffset[] = [];
        for (const { topic, partitions: answers } of responses)
          for (const { partition, offset, metadata, errorCode: code } of answers) {
            failIf(code, `partition ${partition} of topic ${topic}`);
            if (Number(offset) >= 0)
              offsets.push({ topic, partition, offset: Number(offset), ...(metadata ? { metadata } : {}) });
          }
        return offsets;
      });
    },

    async commitGroupOffsets({ group: name, offsets }: GroupOffsets, confirm?: Confirm) {
      if (offsets.length === 0) return;
      // A commit of no generation and no member: what a consumer does that assigns its partitions itself.
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
            failIf(
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
        // A group without offsets has none to delete.
        if (errorCode === codes.GROUP_ID_NOT_FOUND) return;
        failIf(errorCode, `consumer group ${name}`);
        for (const { topic, partitions: answers } of responses)
          for (const { partition, errorCode: code } of answers)
            if (code !== codes.UNKNOWN_TOPIC_OR_PARTITION) failIf(code, `partition ${partition} of topic ${topic}`);
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
      // Somebody else was quicker, or it was made and the answer came too late.
      if (errorCode === codes.TOPIC_ALREADY_EXISTS || errorCode === codes.REQUEST_TIMED_OUT) continue;
      failIf(errorCode, `topic ${topic}`, errorMessage);
    }
  }
}

/** As a broker would answer; far longer names do not fit into a request. */
const tooLong = (name: string): BrokerError =>
  new BrokerError(
    codes.INVALID_TOPIC_EXCEPTION,
    `topic ${name.slice(0, LONGEST_NAME)}…`,
    `the name has ${name.length} characters, and may have ${LONGEST_NAME}`,
  );

const listed = (topics: readonly string[]): string =>
  topics.length === 1 ? `topic ${topics[0]}` : `${topics.length} topics (${topics.slice(0, 3).join(', ')}…)`;
