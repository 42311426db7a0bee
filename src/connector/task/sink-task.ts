import type { SinkConnector } from '../../api/index.ts';
import type { ClientProps } from '../../config/client-settings/index.ts';
import { type OffsetReset, offsetReset } from '../../config/connector-config/offset-reset.ts';
import { createDeadLetterQueue } from '../../engine/sink/dead-letter-queue.ts';
import { RecordDecoder } from '../../engine/sink/record-decoder.ts';
import { runSink } from '../../engine/sink/run-sink.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import { MillraceError } from '../../errors.ts';
import { givenFence } from '../fence-producers.ts';
import { assignment, groupOf } from '../partition-assignment.ts';
import { numberOf, producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { sinkWriter } from '../sink-writer.ts';
import { deadLetterId } from '../transactional-ids.ts';
import type { TaskContext } from './task-context.ts';

const FETCH_BYTES = 2 << 20;
/** Larger than Kafka's 500, as rows are written as sets. `max.poll.records` overrides it. */
const BATCH_RECORDS = 5000;
const REFRESH_MS = 10_000;
const COMMIT_MS = 2000;

/** Kafka's default, which counts where `fetch.min.bytes` makes the broker wait. */
const FETCH_WAIT_MS = 500;

/** TASK_CONFIG */
function resetOf(consumer: ClientProps): OffsetReset {
  const text = consumer['auto.offset.reset'] ?? 'earliest';
  const reset = offsetReset(text);
  if (reset === undefined) throw new MillraceError('TASK_CONFIG', `There is no auto.offset.reset ${text}.`);
  return reset;
}

/** Kafka's two limits are upper bounds: more than FETCH_BYTES would cost memory and save nothing. */
function fetchLimits(consumer: ClientProps) {
  const fetchMinBytes = numberOf(consumer, 'fetch.min.bytes');
  const most = (key: string) => Math.min(FETCH_BYTES, numberOf(consumer, key) ?? FETCH_BYTES);
  return {
    fetchBytes: most('fetch.max.bytes'),
    partitionBytes: most('max.partition.fetch.bytes'),
    fetchMinBytes,
    fetchWaitMs: numberOf(consumer, 'fetch.max.wait.ms') ?? (fetchMinBytes === undefined ? undefined : FETCH_WAIT_MS),
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
  const letters = props['errors.deadletterqueue.topic.name'] ?? '';
  await runSink({
    ...(await sinkWriter(kafka, args)),
    task: args.task,
    sink,
    config: parseTaskConfig(sink.config, props),
    kafka,
    group: groupOf(args.connector, consumer),
    assignment: () => assignment(kafka, props, args),
    reset: resetOf(consumer),
    onRecreatedTopic: props['millrace.topic.recreated']?.trim().toLowerCase() === 'earliest' ? 'earliest' : 'fail',
    decoder: new RecordDecoder(pipeline),
    tolerant: pipeline.tolerant,
    deadLetters:
      letters === ''
        ? null
        : createDeadLetterQueue(
            deadLetterKafka,
            { ...producerOptions(clients.producer, deadLetterId(args)), ...givenFence(args, services) },
            {
              topic: letters,
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
      batchRecords: numberOf(consumer, 'max.poll.records') ?? BATCH_RECORDS,
      refreshMs: numberOf(consumer, 'metadata.max.age.ms') ?? REFRESH_MS,
      commitMs: COMMIT_MS,
    },
    untilCaughtUp: args.untilCaughtUp === true,
    observer: progress,
    log,
    signal,
    confirm,
  });
}
