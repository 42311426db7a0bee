import { join } from 'node:path';
import { type KafkaConnectProgram, versions } from './kafka-connect-program.ts';
import { exactlyOnceProperties, type Subject } from './subject.ts';

/** Options of Kafka's own start script, including heap. */
const jvm = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
  '-Xms256M',
  '-Xmx2G',
];

/** Settings that users tune first. */
const tuning = {
  // A lost worker is removed when its session ends, instead of five minutes later.
  worker: { 'scheduled.rebalance.max.delay.ms': '0' },
  // Larger, compressed batches and queues, and shorter waits.
  source: {
    'max.batch.size': '8192',
    'max.queue.size': '32768',
    'poll.interval.ms': '50',
    'producer.override.batch.size': '524288',
    'producer.override.linger.ms': '10',
    'producer.override.compression.type': 'lz4',
    'producer.override.buffer.memory': '134217728',
  },
  sink: { 'use.reduction.buffer': 'true' },
};

export interface KafkaConnectOptions {
  readonly tuned: boolean;
  readonly exactlyOnce: boolean;
}

/** Kafka Connect with Debezium's PostgreSQL source and JDBC sink, with default or tuned settings. */
export function kafkaConnect(program: KafkaConnectProgram, { tuned, exactlyOnce }: KafkaConnectOptions): Subject {
  const { java, libs, plugins, logging } = program;
  return {
    name: ['kafka-connect', ...(tuned ? ['tuned'] : []), ...(exactlyOnce ? ['eos'] : [])].join(' '),
    exactlyOnce,
    workerProperties: {
      'plugin.path': plugins,
      'plugin.discovery': 'service_load',
      ...(tuned ? tuning.worker : {}),
      ...(exactlyOnce ? exactlyOnceProperties.worker : {}),
    },
    sourceProperties: { ...(tuned ? tuning.source : {}), ...(exactlyOnce ? exactlyOnceProperties.source : {}) },
    sinkProperties: tuned ? tuning.sink : {},
    versions,
    command: file => [
      java,
      ...jvm,
      `-Dlog4j2.configurationFile=${logging}`,
      '-cp',
      join(libs, '*'),
      'org.apache.kafka.connect.cli.ConnectDistributed',
      file,
    ],
  };
}
