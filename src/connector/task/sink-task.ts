import type { SinkConnector } from '../../api/index.ts';
import type { ClientProps } from '../../config/client-settings/index.ts';
import { type OffsetReset, offsetReset } from '../../config/connector-config/offset-reset.ts';
import { createDeadLetterQueue } from '../../engine/sink/dead-letter-queue.ts';
import { RecordDecoder } from '../../engine/sink/record-decoder.ts';
import { runSink } from '../../engine/sink/run-sink.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import { MillraceError } from '../../errors.ts';
import { fenceOption } from '../fence-producers.ts';
import { assignedPartitions, groupOf } from '../partition-assignment.ts';
import { numberSetting, producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { sinkWriter } from '../sink-writer.ts';
import { deadLetterTransactionalId } from '../transactional-ids.ts';
import type { TaskContext } from './task-context.ts';

const FETCH_BYTES = 2 << 20;
/** Larger than Kafka's default of 500, because rows are written in sets. `max.poll.records` overrides it. */
const BATCH_RECORDS = 5000;
const REFRESH_MS = 10_000;
const COMMIT_MS = 2000;

/** Kafka's default of `fetch.max.wait.ms`, for consumers with `fetch.min.bytes`. */
const FETCH_WAIT_MS = 500;

/** TASK_CONFIG. */
function offsetResetOf(consumer: ClientProps): OffsetReset {
  const text = consumer['auto.offset.reset'] ?? 'earliest';
  const reset = offsetReset(text);
  if (reset === undefined)
    throw new MillraceError('TASK_CONFIG', `auto.offset.reset is ${text}, which is not a valid value.`);
  return reset;
}

/** Applies Kafka's two limits as upper bounds of FETCH_BYTES: a larger fetch would need more memory and not be faster. */
function fetchLimits(consumer: ClientProps) {
  const fetchMinBytes = numberSetting(consumer, 'fetch.min.bytes');
  const limit = (key: string) => Math.min(FETCH_BYTES, numberSetting(consumer, key) ?? FETCH_BYTES);
  return {
    fetchBytes: limit('fetch.max.bytes'),
    partitionBytes: limit('max.partition.fetch.bytes'),
    fetchMinBytes,
    fetchWaitMs:
      numberSetting(consumer, 'fetch.max.wait.ms') ?? (fetchMinBytes === undefined ? undefined : FETCH_WAIT_MS),
  };
}

/** Runs one sink task with its resolved configuration until the signal aborts. */
export async function runSinkTask(
  services: ConnectorServices,
  sink: SinkConnector<unknown>,
  { args, pipeline, clients, progress, signal, confirm, redact, log }: TaskContext,
): Promise<void> {
  const { kafka, deadLetterKafka } = services;
  const { props } = pipeline;
  const { consumer } = clients;
  const deadLetterTopic = props['errors.deadletterqueue.topic.name'] ?? '';
  await runSink({
    ...(await sinkWriter(kafka, args)),
    task: args.task,
    sink,
    config: parseTaskConfig(sink.config, props),
    kafka,
    group: groupOf(args.connector, consumer),
    assignment: () => assignedPartitions(kafka, props, args),
    reset: offsetResetOf(consumer),
    onRecreatedTopic: props['millrace.topic.recreated']?.trim().toLowerCase() === 'earliest' ? 'earliest' : 'fail',
    decoder: new RecordDecoder(pipeline),
    tolerant: pipeline.tolerant,
    errorLog: pipeline.errorLog,
    deadLetters:
      deadLetterTopic === ''
        ? null
        : createDeadLetterQueue(
            deadLetterKafka,
            { ...producerOptions(clients.producer, deadLetterTransactionalId(args)), ...fenceOption(args, services) },
            {
              topic: deadLetterTopic,
              replicationFactor: Number(props['errors.deadletterqueue.topic.replication.factor'] ?? -1),
              contextHeaders: props['errors.deadletterqueue.context.headers.enable']?.trim().toLowerCase() === 'true',
              connector: args.connector,
              task: args.task,
              redact: text => redact.text(text),
              countDeadLetters: (sent, failed) => progress.deadLetters(sent, failed),
              log,
            },
          ),
    limits: {
      ...fetchLimits(consumer),
      batchRecords: numberSetting(consumer, 'max.poll.records') ?? BATCH_RECORDS,
      refreshMs: numberSetting(consumer, 'metadata.max.age.ms') ?? REFRESH_MS,
      commitMs: COMMIT_MS,
    },
    untilCaughtUp: args.untilCaughtUp === true,
    observer: progress,
    log,
    signal,
    confirm,
  });
}
