import type { SinkConnector } from '../src/api/index.ts';
import { type OffsetReset, offsetReset } from '../src/config/offset-reset.ts';
import { deadLetterQueue } from '../src/engine/dead-letters.ts';
import { RecordDecoder } from '../src/engine/record-decoder.ts';
import { runSink } from '../src/engine/sink-runner.ts';
import { parsed } from '../src/engine/source-runner.ts';
import { MillraceError, messageOf } from '../src/errors.ts';
import type { KafkaClient } from '../src/kafka/port.ts';
import { givenFence } from './fence.ts';
import { producerOptions } from './pipeline.ts';
import { assignment, groupOf } from './sink-partitions.ts';
import { sinkWriter } from './sink-writer.ts';
import type { TaskContext } from './task-context.ts';
import { deadLetterId } from './transactional-ids.ts';

const FETCH_BYTES = 2 << 20;
/** Larger than Connect's 500, as rows are written as sets. `consumer.override.max.poll.records` overrides it. */
const BATCH_RECORDS = 5000;
const REFRESH_MS = 10_000;
const COMMIT_MS = 2000;

/** TASK_CONFIG */
function resetOf(props: Readonly<Record<string, string>>): OffsetReset {
  try {
    return offsetReset(props);
  } catch (error) {
    throw new MillraceError('TASK_CONFIG', messageOf(error));
  }
}

/** Runs one sink task with its resolved configuration until the signal aborts. */
export async function runSinkTask(
  kafka: KafkaClient,
  sink: SinkConnector<unknown>,
  { args, pipeline, progress, signal, confirm, redact, log }: TaskContext,
): Promise<void> {
  const { props } = pipeline;
  const letters = props['errors.deadletterqueue.topic.name'] ?? '';
  await runSink({
    ...(await sinkWriter(kafka, args)),
    task: args.task,
    sink,
    config: parsed(sink.config, props),
    kafka,
    group: groupOf(args.connector, props),
    assignment: () => assignment(kafka, props, args),
    reset: resetOf(props),
    recreated: props['millrace.topic.recreated']?.trim().toLowerCase() === 'earliest' ? 'earliest' : 'fail',
    decoder: new RecordDecoder(pipeline),
    tolerant: pipeline.tolerant,
    deadLetters:
      letters === ''
        ? null
        : deadLetterQueue(
            kafka,
            { ...producerOptions(pipeline, deadLetterId(args)), ...givenFence(args) },
            {
              topic: letters,
              replicationFactor: Number(props['errors.deadletterqueue.topic.replication.factor'] ?? -1),
              contextHeaders: props['errors.deadletterqueue.context.headers.enable']?.trim().toLowerCase() === 'true',
              connector: args.connector,
              task: args.task,
              redact: text => redact.text(text),
              count: (sent, failed) => progress.deadLetters(sent, failed),
              log,
            },
          ),
    limits: {
      fetchBytes: FETCH_BYTES,
      batchRecords: Number(props['consumer.override.max.poll.records'] ?? BATCH_RECORDS),
      refreshMs: REFRESH_MS,
      commitMs: COMMIT_MS,
    },
    untilCaughtUp: args.untilCaughtUp === true,
    observer: progress,
    log,
    signal,
    confirm,
  });
}
