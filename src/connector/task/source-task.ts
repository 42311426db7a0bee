import type { SourceConnector } from '../../api/index.ts';
import type { ClientProps } from '../../config/client-settings/index.ts';
import { COMMIT_INTERVAL } from '../../config/connector-config/source-keys.ts';
import { readTopicCreation } from '../../config/connector-config/topic-creation.ts';
import { RecordEncoder } from '../../engine/source/record-encoder.ts';
import { runSource } from '../../engine/source/run-source.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import type { NewTopic } from '../../kafka/port.ts';
import { fenceOption } from '../fence-producers.ts';
import { numberSetting, type Pipeline, producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { taskTransactionalId } from '../transactional-ids.ts';
import type { TaskContext } from './task-context.ts';

/** Bytes of source data in one read and encoded bytes in one Kafka transaction: a few dozen milliseconds of work. */
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
    producer: { ...producerOptions(clients.producer, taskTransactionalId(args)), ...fenceOption(args, services) },
    offsets: services.offsets,
    encoder: new RecordEncoder(pipeline),
    errorLog: pipeline.errorLog,
    topics: { newTopic: topicSettings(pipeline) },
    limits: {
      batchBytes: BATCH_BYTES,
      transactionBytes: Math.min(
        TRANSACTION_BYTES,
        numberSetting(clients.producer, 'buffer.memory') ?? TRANSACTION_BYTES,
      ),
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
 * The commit interval in milliseconds. Also accepts Kafka Connect's `transaction.boundary=interval` and the producer's
 * `linger.ms`.
 */
export function commitInterval({ props }: Pick<Pipeline, 'props'>, producer: ClientProps): number {
  const byInterval = props['transaction.boundary']?.trim().toLowerCase() === 'interval';
  const boundary = byInterval ? (props['transaction.boundary.interval.ms'] ?? COMMIT_INTERVAL.maxMs) : undefined;
  const linger = numberSetting(producer, 'linger.ms');
  return Number(props[COMMIT_INTERVAL.key] ?? boundary ?? linger ?? COMMIT_INTERVAL.defaultMs);
}

/**
 * Settings of new topics from `topic.creation.*` (KIP-158), with the broker's defaults; null if `topic.creation.enable` is
 * false.
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
