import type { SourceConnector } from '../../api/index.ts';
import type { ClientProps } from '../../config/client-settings/index.ts';
import { COMMIT_INTERVAL } from '../../config/connector-config/connector-config.ts';
import { readTopicCreation } from '../../config/connector-config/topic-creation.ts';
import { RecordEncoder } from '../../engine/source/record-encoder.ts';
import { runSource } from '../../engine/source/run-source.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import type { NewTopic } from '../../kafka/port.ts';
import { givenFence } from '../fence-producers.ts';
import { numberOf, type Pipeline, producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { taskId } from '../transactional-ids.ts';
import type { TaskContext } from './task-context.ts';

/** Bytes of source data read at once, and encoded bytes in one Kafka transaction: a few dozen milliseconds of work. */
const BATCH_BYTES = 2 << 20;
const TRANSACTION_BYTES = 8 << 20;

/** Runs one source task with its resolved configuration until the signal aborts. */
export async function runSourceTask(
  services: ConnectorServices,
  source: SourceConnector<unknown>,
  { args, pipeline, clients, progress, signal, confirm, log }: TaskContext,
): Promise<void> {
  await runSource({
    connector: args.connector,
    task: args.task,
    source,
    config: parseTaskConfig(source.config, pipeline.props),
    kafka: services.kafka,
    producer: { ...producerOptions(clients.producer, taskId(args)), ...givenFence(args, services) },
    offsets: services.offsets,
    encoder: new RecordEncoder(pipeline),
    topics: { newTopic: topicSettings(pipeline) },
    limits: {
      batchBytes: BATCH_BYTES,
      transactionBytes: Math.min(TRANSACTION_BYTES, numberOf(clients.producer, 'buffer.memory') ?? TRANSACTION_BYTES),
      commitIntervalMs: commitInterval(pipeline, clients.producer),
    },
    untilCaughtUp: args.untilCaughtUp === true,
    observer: progress,
    log,
    signal,
    confirm,
  });
}

/**
 * Milliseconds. `transaction.boundary=interval` says the same in Kafka Connect's words, and Kafka's `linger.ms` of its
 * requests.
 */
export function commitInterval({ props }: Pick<Pipeline, 'props'>, producer: ClientProps): number {
  const byInterval = props['transaction.boundary']?.trim().toLowerCase() === 'interval';
  const boundary = byInterval ? (props['transaction.boundary.interval.ms'] ?? COMMIT_INTERVAL.maxMs) : undefined;
  const linger = numberOf(producer, 'linger.ms');
  return Number(props[COMMIT_INTERVAL.key] ?? boundary ?? linger ?? COMMIT_INTERVAL.defaultMs);
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
