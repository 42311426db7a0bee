import { hostname } from 'node:os';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { createActivities } from '../activities/create.ts';
import { createAdmission } from './admission.ts';
import type { Log } from './api/index.ts';
import { readWorkerConfig, type WorkerConfig } from './config/worker-config/worker-config.ts';
import { resolveConfig } from './connector/components.ts';
import { readOffsets } from './connector/offsets/offsets.ts';
import { processChannel, threadChannel } from './data-plane/channel.ts';
import { DataPlane } from './data-plane/data-plane.ts';
import { monotonicMs } from './data-plane/temporal-contact.ts';
import { engineServices } from './engine-services.ts';
import { messageOf } from './errors.ts';
import { kafkaClient } from './kafka/client/client.ts';
import { watchKafka } from './kafka/client/connectivity.ts';
import { NotCompactedError } from './kafka/storage/compacted-topic.ts';
import type { ConfigTopic } from './kafka/storage/config-topic.ts';
import { clusterLevels } from './observability/cluster-levels.ts';
import { type Level, Loggers } from './observability/loggers.ts';
import { Metrics } from './observability/metrics.ts';
import { silent } from './observability/silent.ts';
import { joinProcesses, type Member, processNumber } from './processes/member.ts';
import { mergeMetrics } from './processes/metrics-text.ts';
import { readAccessPolicy } from './rest/access/access-policy.ts';
import { readAllowedHosts } from './rest/access/allowed-hosts.ts';
import { exposureWarnings } from './rest/access/exposure.ts';
import { exposedListeners, isDefaultHost, parseListeners } from './rest/listeners.ts';
import { startServer } from './server.ts';
import { cacheFolder } from './stack/cache.ts';
import { lazyConnection } from './temporal/connection.ts';
import { watchContact } from './temporal/contact.ts';
import { temporalControl } from './temporal/control-client.ts';
import { heartbeat } from './temporal/heartbeat.ts';
import { type DesiredConnector, putConnector } from './temporal/put-connector.ts';
import { installRuntime } from './temporal/runtime.ts';
import { runWorkers } from './temporal/workers.ts';
import { workflowBundle } from './temporal/workflow-bundle.ts';

export interface RunningWorker {
  /** Creates or configures a connector; waits for servers that are down. */
  put(connector: DesiredConnector, signal: AbortSignal): Promise<void>;
  /** Reports that this process has started; the parent then starts the other processes of the worker. */
  started(): void;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** Files of the command line (worker properties, connectors), which connectors must not read. */
  readonly configFiles?: readonly string[];
}

/** Program of a task host: source in a checkout, otherwise compiled. */
const hostEntry = new URL(`./task-host${extname(import.meta.url)}`, import.meta.url);
/** Timeouts of connectivity probes; a broker counts as lost after several failed probes. */
const PROBE_TIMEOUTS = { requestTimeoutMs: 2000, connectionTimeoutMs: 2000 };
/** Timeout in milliseconds of a signal from a task to its connector. */
const SIGNAL_MS = 5000;
/** Milliseconds that the start waits for the check of the topic of secrets. */
const CONFIG_TOPIC_MS = 3000;
/** Milliseconds that a stopping worker waits for pending requests, before and after its tasks are handed over. */
const REQUESTS_MS = 500;
const LAST_REQUESTS_MS = 5000;

/**
 * Starts a worker from Kafka Connect's worker properties. The REST API starts first and reports missing services; the
 * connection to Temporal is retried. CONFIG_INVALID names each invalid value.
 */
export async function startWorker(
  properties: Readonly<Record<string, string>>,
  { configFiles = [] }: WorkerOptions = {},
): Promise<RunningWorker> {
  const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
  const number = processNumber();
  let member: Member | undefined;
  let dataPlane: DataPlane | undefined;
  const loggers = new Loggers(root, {
    onSet: (logger, level) => member?.setLevelElsewhere({ logger, level }),
    onChange: (logger, level) => dataPlane?.setLevel({ logger, level }),
  });
  const log = loggers.log('worker');
  const { props, config, kafkaConfig, kafka, configs, secrets, components } = await engineServices(properties, {
    loggers,
    configFiles,
  });
  const { unknown, withoutEffect } = readWorkerConfig(props);
  for (const key of unknown) log.warn({ key }, 'unknown worker property, ignored');
  for (const [key, instead] of withoutEffect) log.info({ key, instead }, 'worker property without effect');
  if (props['offset.storage.file.filename'] !== undefined)
    log.warn(
      { 'offset.storage.topic': config['offset.storage.topic'] },
      'offset.storage.file.filename is ignored: offsets are stored in Kafka',
    );

  const listeners = parseListeners(props);
  const hosts = readAllowedHosts({
    configured: config['rest.allowed.hosts'],
    listeners,
    advertised: props['rest.advertised.host.name'],
  });
  const policy = { ...readAccessPolicy(props), ...(hosts && { hosts }) };
  const exposed = exposedListeners(listeners);
  const isFirstProcess = number === undefined || number === 1;
  if (isFirstProcess)
    for (const { fields, message } of exposureWarnings({ exposed, policy, props })) log.warn(fields, message);
  const cluster = config['group.id'];
  const levels = clusterLevels(configs, cluster, loggers, log);
  const metrics = new Metrics();
  const ownMetrics = async () =>
    mergeMetrics([await metrics.registry.metrics(), ...((await dataPlane?.metrics()) ?? [])]);
  if (number !== undefined) {
    metrics.registry.setDefaultLabels({ process: String(number) });
    member = joinProcesses(number, {
      metrics: ownMetrics,
      setLevel: ({ logger, level }) => loggers.follow(logger, level as Level),
    });
  }
  installRuntime(loggers.log('temporal'));
  const temporal = temporalOptions(config);
  const connection = lazyConnection(temporal);
  const namespace = config['temporal.namespace'];
  const taskQueue = config['temporal.task.queue'] ?? `millrace-${cluster}`;
  const [{ host, port }] = listeners;
  // All workers have the same default address; the machine's name distinguishes them.
  const defaultHost = isDefaultHost(props) || host === '' ? hostname() : host;
  const identity = `${props['rest.advertised.host.name'] ?? defaultHost}:${props['rest.advertised.port'] ?? port}`;
  const bundle = await workflowBundle(cacheFolder());
  dataPlane = new DataPlane({
    openThread: () => threadChannel(hostEntry),
    openProcess: () => processChannel(hostEntry),
    settings: { properties, configFiles, ...(number === undefined ? {} : { process: String(number) }) },
    levels: () => loggers.levels(),
    unresponsiveMs: config['task.unresponsive.timeout.ms'],
    log,
  });
  const plane = dataPlane;
  const { admit, reveal, plugins } = createAdmission({
    plugins: components.plugins,
    secrets,
    showSecrets: config['rest.show.passwords'],
    log,
    check: props => plane.call('checkConfig', [props], { isolated: false, confirmAttempt: undefined }),
  });

  const client = new Client({ connection, namespace });
  const control = temporalControl({
    client,
    address: config['temporal.address'],
    cluster,
    taskQueue,
    workerId: identity,
    admit,
    offload: (connector, config, long) => secrets.seal(connector, config, { long }),
    reveal,
    deleteSecrets: (connector, unused) => secrets.forget(connector, unused),
  });
  let leaving = new AbortController();
  const contact = watchContact(client, {
    onAnswer: at => plane.setContact({ at, interruptions: contact.interruptions }),
    onInterruption: () => plane.setContact({ at: 0, interruptions: contact.interruptions }),
  });
  const { control: controlActivities, tasks } = createActivities({
    async heartbeat(taskToken, figures) {
      const at = monotonicMs();
      const ended = await heartbeat(client, identity, taskToken, figures);
      return { ended, state: { at, interruptions: contact.interruptions } };
    },
    run: (args, options) => plane.run(args, options),
    call: (name, args, options) => plane.call(name, args, options),
    log: loggers.log('task'),
    leaveSignal: () => leaving.signal,
    signal: (workflowId, name, argument) =>
      client.withDeadline(Date.now() + SIGNAL_MS, () => client.workflow.getHandle(workflowId).signal(name, argument)),
    countAttempt: ({ connector, task }) => metrics.taskStarted({ connector, task }),
  });
  const workers = runWorkers({
    connection: temporal,
    client: connection,
    namespace,
    taskQueue,
    // The status of a task shows which process of the worker runs it.
    identity: isFirstProcess ? identity : `${identity}/${number}`,
    workflowBundle: bundle,
    control: controlActivities,
    tasks,
    maxTasks: config['worker.tasks.max'],
    leave: () => leaving.abort(new Error('the worker shuts down')),
    log,
  });
  const probes = kafkaConfig.brokers.map(broker =>
    kafkaClient({ ...kafkaConfig, ...PROBE_TIMEOUTS, brokers: [broker] }, silent),
  );
  const kafkaContact = watchKafka(probes, {
    lost() {
      log.warn({ brokers: kafkaConfig.brokers }, 'Kafka does not answer: tasks move to other workers');
      workers.suspendTasks();
      leaving.abort(new Error('Kafka does not answer this worker'));
      plane.reportKafkaLost();
    },
    found() {
      log.info({ brokers: kafkaConfig.brokers }, 'Kafka answers again: this worker runs tasks again');
      leaving = new AbortController();
      workers.resumeTasks();
    },
  });
  const closeContacts = async () => {
    contact.close();
    kafkaContact.close();
    await Promise.all(probes.map(probe => probe.close()));
  };
  const server = await startServer(listeners, policy, {
    control,
    plugins,
    clusterId: () => kafka.admin.clusterId(),
    async offsets({ name, type, config: connectorConfig }) {
      const connector = await resolveConfig(components, name, connectorConfig);
      using services = components.open(type, connector.clients, connector.props);
      return await readOffsets(services, type, name, connector);
    },
    log: loggers.log('rest'),
    loggers,
    topicTracking: { enabled: config['topic.tracking.enable'], reset: config['topic.tracking.allow.reset'] },
    setClusterLevel: (logger, level) => levels.set(logger, level),
    started: () => workers.isReady() && plane.isReady(),
    limits: { connections: config['rest.connections.max'] },
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      body: await (member?.metrics() ?? ownMetrics()),
    }),
  }).catch(async (error: unknown) => {
    levels.close();
    await workers.stop();
    await closeContacts();
    await plane.close();
    throw error;
  });
  const stop = async () => {
    const closed = server.close();
    // Pending requests may need the Temporal workers, but must not delay the handover of tasks.
    await Promise.race([closed, delay(REQUESTS_MS)]);
    await workers.stop();
    await Promise.race([closed, delay(LAST_REQUESTS_MS)]);
    levels.close();
    await closeContacts();
    await plane.close();
    await kafka.close();
    await connection.close();
  };
  try {
    await checkConfigTopic(configs, log);
  } catch (error) {
    await stop();
    throw error;
  }
  log.info({ urls: server.urls }, 'REST API listens');
  const resolveSecrets = async (connector: string, sealed: Readonly<Record<string, string>>) =>
    (await secrets.unseal(connector, sealed)).props;
  return {
    async put(connector, signal) {
      const outcome = await putConnector(control, connector, {
        resolveSecrets,
        isReady: () => workers.isReady(),
        log,
        signal,
      });
      log.info({ connector: connector.name }, `connector from a file: ${outcome}`);
    },
    started: () => member?.reportStarted(),
    async stop() {
      log.info({}, 'worker stops');
      await stop();
    },
  };
}

/**
 * Rejects if the topic of secrets is not compacted and would lose them. Any other failure is only logged: later users of the
 * topic report it. Waits only a moment for a Kafka that does not answer.
 */
async function checkConfigTopic(configs: ConfigTopic, log: Log): Promise<void> {
  const checked = configs.ensure().catch((error: unknown) => {
    if (error instanceof NotCompactedError) throw error;
    log.warn({ reason: messageOf(error) }, 'config.storage.topic cannot be used yet');
  });
  let isLate = false;
  const timer = delay(CONFIG_TOPIC_MS).then(() => {
    isLate = true;
  });
  checked.catch((error: unknown) => {
    if (isLate) log.error({ reason: messageOf(error) }, 'config.storage.topic cannot be used');
  });
  await Promise.race([checked, timer]);
}

function temporalOptions(config: WorkerConfig) {
  const apiKey = config['temporal.api.key'];
  return {
    address: config['temporal.address'],
    ...(config['temporal.tls.enabled'] || apiKey !== null ? { tls: true } : {}),
    ...(apiKey === null ? {} : { apiKey }),
  };
}
