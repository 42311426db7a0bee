import type { TaskMetrics } from './task-metrics.ts';

/** A metric of each task, with Kafka Connect's name and meaning. */
export interface TaskFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** Default: sources and sinks. */
  readonly type?: 'source' | 'sink';
  readonly value: (task: TaskMetrics) => number;
}

const counter = (name: string, help: string, value: TaskFamily['value']) =>
  ({ name: `kafka_connect_${name}`, help, kind: 'counter', value }) as const;
const gauge = (name: string, help: string, value: TaskFamily['value']) =>
  ({ name: `kafka_connect_${name}`, help, kind: 'gauge', value }) as const;

/**
 * https://kafka.apache.org/documentation/#connect_monitoring, in the form of the usual JMX exporter rules: the
 * type without `-metrics`, then the attribute, with underscores. In Millrace a transaction, a batch and an offset commit are
 * the same.
 */
export const taskFamilies: readonly TaskFamily[] = [
  gauge('connector_task_batch_size_avg', 'Average records of a committed batch.', task => task.writes.avg),
  gauge('connector_task_batch_size_max', 'Records of the largest committed batch.', task => task.writes.max),
  gauge('connector_task_offset_commit_avg_time_ms', 'Average time of a commit.', task => task.commitMs.avg),
  gauge('connector_task_offset_commit_max_time_ms', 'Time of the slowest commit.', task => task.commitMs.max),
  gauge(
    'task_error_last_error_timestamp',
    'When a record was last left out, in milliseconds.',
    task => task.lastSkipAt,
  ),
  counter('task_error_total_record_failures', 'Records that could not be processed.', task => task.skippedTotal),
  counter('task_error_total_records_skipped', 'Records left out by errors.tolerance.', task => task.skippedTotal),
  ...(
    [
      counter('source_task_source_record_poll_total', 'Records read from the source.', task => task.readTotal),
      gauge('source_task_source_record_poll_rate', 'Records read from the source by second.', task => task.reads.rate),
      counter('source_task_source_record_write_total', 'Records committed to Kafka.', task => task.writtenTotal),
      gauge('source_task_source_record_write_rate', 'Records committed to Kafka by second.', task => task.writes.rate),
      gauge(
        'source_task_source_record_active_count',
        'Records read and not yet committed.',
        task => task.activeRecords,
      ),
      gauge('source_task_transaction_size_avg', 'Average records of a transaction.', task => task.writes.avg),
      gauge('source_task_transaction_size_min', 'Records of the smallest transaction.', task => task.writes.min),
      gauge('source_task_transaction_size_max', 'Records of the largest transaction.', task => task.writes.max),
    ] as const
  ).map(family => ({ ...family, type: 'source' as const })),
  ...(
    [
      counter(
        'task_error_deadletterqueue_produce_requests',
        'Records sent to the dead letter queue.',
        task => task.deadLettersTotal,
      ),
      counter(
        'task_error_deadletterqueue_produce_failures',
        'Records that the dead letter queue did not take.',
        task => task.deadLettersFailed,
      ),
      counter('sink_task_sink_record_read_total', 'Records read from Kafka.', task => task.readTotal),
      gauge('sink_task_sink_record_read_rate', 'Records read from Kafka by second.', task => task.reads.rate),
      counter('sink_task_sink_record_send_total', 'Records committed to the sink.', task => task.writtenTotal),
      gauge('sink_task_sink_record_send_rate', 'Records committed to the sink by second.', task => task.writes.rate),
      gauge('sink_task_sink_record_active_count', 'Records read and not yet committed.', task => task.activeRecords),
      gauge('sink_task_put_batch_avg_time_ms', 'Average time to write a batch.', task => task.commitMs.avg),
      gauge('sink_task_put_batch_max_time_ms', 'Time of the slowest batch.', task => task.commitMs.max),
      counter('sink_task_offset_commit_completion_total', 'Batches committed.', task => task.commitTotal),
      gauge('sink_task_offset_commit_completion_rate', 'Batches committed by second.', task => task.commits.rate),
    ] as const
  ).map(family => ({ ...family, type: 'sink' as const })),
];
