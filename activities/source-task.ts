import type { SourceConnector } from '../src/api/index.ts';
import { COMMIT_INTERVAL } from '../src/config/connector-config.ts';
import { readTopicCreation } from '../src/config/topic-creation.ts';
import type { OffsetStore } from '../src/engine/offset-store.ts';
import { RecordEncoder } from '../src/engine/record-encoder.ts';
import { parsed, runSource } from '../src/engine/source-runner.ts';
import type { KafkaClient, NewTopic } from '../src/kafka/port.ts';
import { givenFence } from './fence.ts';
import { type Pipeline, producerOptions } from './pipeline.ts';
import type { TaskContext } from './task-context.ts';
import { taskId } from './transactional-ids.ts';

/** Bytes of source data read at once, and encoded bytes in one Kafka transaction: a few dozen milliseconds of work. */
const BATCH_BYTES = 2 << 20;
const TRANSACTION_BYTES = 8 << 20;

export interface SourceTaskDeps {
  readonly kafka: KafkaClient;
  readonly offsets: OffsetStore;
}

/** Runs one source task with its resolved configuration until the signal aborts. */
export async function runSourceTask(
  deps: SourceTaskDeps,
  source: SourceConnector<unknown>,
  { args, pipeline, progress, signal, confirm, log }: TaskContext,
): Promise<void> {
  await runSource({
    connector: args.connector,
    task: args.task,
    source,
    config: parsed(source.config, pipeline.props),
    kafka: deps.kafka,
    producer: { ...producerOptions(pipeline, taskId(args)), ...givenFence(args) },
    offsets: deps.offsets,
    encoder: new RecordEncoder(pipeline),
    topics: { newTopic: topicSettings(pipeline) },
    limits: {
      batchBytes: BATCH_BYTES,
      transactionBytes: TRANSACTION_BYTES,
      commitIntervalMs: Number(pipeline.props[COMMIT_INTERVAL.key] ?? COMMIT_INTERVAL.defaultMs),
    },
    untilCaughtUp: args.untilCaughtUp === true,
    observer: progress,
    log,
    signal,
    confirm,
  });
}

/**
 * As `topic.creation.*` has it (KIP-158), the broker's own defaults where it says nothing; null where
 * `topic.creation.enable` forbids it.
 */
function topicSettings({ props }: Pipeline): (topic: string) => NewTopic | null {
  if (props['topic.creation.enable']?.trim().toLowerCase() === 'false') return () => null;
  const { creation } = readTopicCreation(props);
  return topic => {
    const { partitions, replicationFactor, config } = creation?.settingsOf(topic) ?? brokerDefaults;
    return { topic, partitions, replicationFactor, config };
  };
}

const brokerDefaults = { partitions: -1, replicationFactor: -1, config: {} };
