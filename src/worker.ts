import { hostname } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { createActivities } from '../activities/create.ts';
import { configProviders } from './config/placeholders.ts';
import { readWorkerConfig, type WorkerConfig } from './config/worker-config.ts';
import type { OffsetStore } from './engine/offset-store.ts';
import { MillraceError } from './errors.ts';
import { kafkaClient } from './kafka/client.ts';
import { kafkaConfigFromProperties } from './kafka/kafka-config.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions, type OffsetsTopic } from './kafka/offset-store.ts';
import type { KafkaClient } from './kafka/port.ts';
import { secretProvider, secretStore } from './kafka/secret-store.ts';
import { Loggers } from './observability/loggers.ts';
import { Metrics } from './observability/metrics.ts';
import { pluginRegistry } from './plugins.ts';
import { preparation } from './prepare.ts';
import { parseListeners } from './rest/listeners.ts';
import { startServer } from './server.ts';
import { cacheFolder } from './stack/cache.ts';
import { temporalControl } from './temporal/control-client.ts';
import { installRuntime } from './temporal/runtime.ts';
import { runWorkers } from './temporal/workers.ts';
import { workflowBundle } from './temporal/workflow-bundle.ts';

export interface RunningWorker {
  stop(): Promise<void>;
}

/**
 * Starts a worker from Kafka Connect's worker properties: the REST API first, which says what is missing, then, for as
 * long as it takes, the connection to Temporal. CONFIG_INVALID with every wrong value by name.
 */
export async function startWorker(props: Readonly<Record<string, string>>): Promise<RunningWorker> {
  const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
  const loggers = new Loggers(root);
  const log = loggers.log('worker');
  const config = checked(props);
  for (const key of readWorkerConfig(props).unknown) log.warn({ key }, 'unknown worker property, ignored');

  const listeners = parseListeners(props);
  const providers = configProviders(props);
  const kafka = kafkaClient(
    kafkaConfigFromProperties({ ...props, 'bootstrap.servers': config['bootstrap.servers'].join(',') }),
    loggers.log('kafka'),
  );
  const cluster = config['group.id'];
  const secrets = secretStore(kafka, {
    topic: config['config.storage.topic'],
    replicationFactor: config['config.storage.replication.factor'],
    cluster,
  });
  providers.set('secret', secretProvider(secrets));
  const metrics = new Metrics();
  installRuntime(loggers.log('temporal'));
  const temporal = temporalOptions(config);
  const connection = Connection.lazy(temporal);
  const namespace = config['temporal.namespace'];
  const taskQueue = config['temporal.task.queue'] ?? `millrace-${cluster}`;
  const [{ host, port }] = listeners;
  const identity = `${props['rest.advertised.host.name'] ?? (host || hostname())}:${props['rest.advertised.port'] ?? port}`;
  const bundle = await workflowBundle(cacheFolder());
  const components = { workerProps: props, providers, plugins: pluginRegistry() };
  const { prepare, plugins } = preparation(components, secrets, log);

  const control = temporalControl({
    client: new Client({ connection, namespace }),
    address: config['temporal.address'],
    cluster,
    taskQueue,
    workerId: identity,
    prepare,
    forget: unused => secrets.forget(unused),
  });
  const leaving = new AbortController();
  const { control: controlActivities, tasks } = createActivities({
    ...components,
    kafka,
    offsets: offsetsIn(kafka, {
      topic: config['offset.storage.topic'],
      partitions: config['offset.storage.partitions'],
      replicationFactor: config['offset.storage.replication.factor'],
    }),
    log: loggers.log('task'),
    leaving: leaving.signal,
    observe: ({ connector, task, type }) => metrics.task({ connector, task, type }),
  });
  const workers = runWorkers({
    connection: temporal,
    client: connection,
    namespace,
    taskQueue,
    identity,
    workflowBundle: bundle,
    control: controlActivities,
    tasks,
    maxTasks: config['worker.tasks.max'],
    leave: () => leaving.abort(new Error('the worker shuts down')),
    log,
  });
  const server = await startServer(listeners, {
    control,
    plugins,
    clusterId: () => kafka.admin.clusterId(),
    log: loggers.log('rest'),
    loggers,
    started: () => workers.ready(),
    metrics: async () => ({ contentType: metrics.registry.contentType, body: await metrics.registry.metrics() }),
  }).catch(async (error: unknown) => {
    await workers.stop();
    throw error;
  });
  log.info({ urls: server.urls }, 'REST API listens');
  return {
    async stop() {
      log.info({}, 'worker stops');
      await server.close();
      await workers.stop();
      await kafka.close();
      await connection.close();
    },
  };
}

function checked(props: Readonly<Record<string, string>>): WorkerConfig {
  const { config, errors } = readWorkerConfig(props);
  if (config !== undefined) return config;
  throw new MillraceError('CONFIG_INVALID', [...errors.values()].flat().join('\n'));
}

function temporalOptions(config: WorkerConfig) {
  const apiKey = config['temporal.api.key'];
  return {
    address: config['temporal.address'],
    ...(config['temporal.tls.enabled'] || apiKey !== null ? { tls: true } : {}),
    ...(apiKey === null ? {} : { apiKey }),
  };
}

/** The offsets topic as the engine's store; made when it is first needed. */
function offsetsIn(kafka: KafkaClient, topic: OffsetsTopic): OffsetStore {
  return {
    topic: topic.topic,
    async load(connector) {
      await ensureOffsetsTopic(kafka, topic);
      return loadPositions(kafka, topic.topic, connector);
    },
    append: (batch, connector, positions) => appendPositions(batch, topic.topic, connector, positions),
  };
}
