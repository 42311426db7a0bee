import { hostname } from 'node:os';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { createActivities } from '../activities/create.ts';
import { preparation } from './admission.ts';
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
import { mergedMetrics } from './processes/metrics-text.ts';
import { surfaceOf } from './rest/access/access-policy.ts';
import { allowedHostsOf } from './rest/access/allowed-hosts.ts';
import { exposureWarnings } from './rest/access/exposure.ts';
import { exposedListeners, isDefaultHost, parseListeners } from './rest/listeners.ts';
import { startServer } from './server.ts';
import { cacheFolder } from './stack/cache.ts';
import { lazyConnection } from './temporal/connection.ts';
import { watchContact } from './temporal/contact.ts';
import { temporalControl } from './temporal/control-client.ts';
import { heartbeat } from './temporal/heartbeat.ts';
import { type ConnectorWanted, putConnector } from './temporal/put-connector.ts';
import { installRuntime } from './temporal/runtime.ts';
import { runWorkers } from './temporal/workers.ts';
import { workflowBundle } from './temporal/workflow-bundle.ts';

export interface RunningWorker {
  /** Makes a connector, or gives it this configuration where it has another; waits for servers that are down. */
  put(connector: ConnectorWanted, signal: AbortSignal): Promise<void>;
  /** Where this is one of several processes: lets the parent start the others. */
  started(): void;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** Files that the worker was started with: its properties and connectors. Connectors do not open them. */
  readonly configFiles?: readonly string[];
}

/** A task host's program: this checkout's source or its compiled form. */
const hostEntry = new URL(`./task-host${extname(import.meta.url)}`, import.meta.url);
/** Milliseconds: a broker is asked several times before it counts as lost. */
const PROBE_TIMEOUTS = { requestTimeoutMs: 2000, connectionTimeoutMs: 2000 };
/** How long a task waits for its connector to be told of something. */
const SIGNAL_MS = 5000;
/** How long the start waits to hear of the topic of secrets. */
const CONFIG_TOPIC_MS = 3000;
/** How long requests may take that are under way when the worker stops: before tasks are handed over, and after it. */
const REQUESTS_MS = 500;
const LAST_REQUESTS_MS = 5000;

/**
 * Starts a worker from Kafka Connect's worker properties: the REST API first, which says what is missing, then, for as
 * long as it takes, the connection to Temporal. CONFIG_INVALID with every wrong value by name.
 */
export async function startWorker(
  given: Readonly<Record<string, string>>,
  { configFiles = [] }: WorkerOptions = {},
): Promise<RunningWorker> {
  const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
  const number = processNumber();
  let member: Member | undefined;
  let dataPlane: DataPlane | undefined;
  const loggers = new Loggers(root, {
    told: (logger, level) => member?.levelSet({ logger, level }),
    changed: (logger, level) => dataPlane?.setLevel({ logger, level }),
  });
  const log = loggers.log('worker');
  const { props, config, kafkaConfig, kafka, configs, secrets, components } = await engineServices(given, {
    loggers,
    configFiles,
  });
  const { unknown, idle } = readWorkerConfig(props);
  for (const key of unknown) log.warn({ key }, 'unknown worker property, ignored');
  for (const [key, instead] of idle) log.info({ key, instead }, 'worker property without effect');
  if (props['offset.storage.file.filename'] !== undefined)
    log.warn(
      { 'offset.storage.topic': config['offset.storage.topic'] },
      'offset.storage.file.filename is not used: offsets are kept in Kafka',
    );

  const listeners = parseListeners(props);
  const hosts = allowedHostsOf({
    configured: config['rest.allowed.hosts'],
    listeners,
    advertised: props['rest.advertised.host.name'],
  });
  const surface = { ...surfaceOf(props), ...(hosts && { hosts }) };
  const exposed = exposedListeners(listeners);
  const first = number === undefined || number === 1;
  if (first) for (const { fields, message } of exposureWarnings({ exposed, surface, props })) log.warn(fields, message);
  const cluster = config['group.id'];
  const levels = clusterLevels(configs, cluster, loggers, log);
  const metrics = new Metrics();
  const ownMetrics = async () =>
    mergedMetrics([await metrics.registry.metrics(), ...((await dataPlane?.metrics()) ?? [])]);
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
  // The default address is that of every worker: the name of the machine tells them apart.
  const own = isDefaultHost(props) || host === '' ? hostname() : host;
  const identity = `${props['rest.advertised.host.name'] ?? own}:${props['rest.advertised.port'] ?? port}`;
  const bundle = await workflowBundle(cacheFolder());
  dataPlane = new DataPlane({
    thread: () => threadChannel(hostEntry),
    process: () => processChannel(hostEntry),
    settings: { properties: given, configFiles, ...(number === undefined ? {} : { process: String(number) }) },
    levels: () => loggers.levels(),
    unresponsiveMs: config['task.unresponsive.timeout.ms'],
    log,
  });
  const plane = dataPlane;
  const { prepare, reveal, plugins } = preparation({
    plugins: components.plugins,
    secrets,
    showSecrets: config['rest.show.passwords'],
    log,
    check: props => plane.call('checkConfig', [props], { isolated: false }),
  });

  const client = new Client({ connection, namespace });
  const control = temporalControl({
    client,
    address: config['temporal.address'],
    cluster,
    taskQueue,
    workerId: identity,
    prepare,
    keep: (connector, config, long) => secrets.seal(connector, config, { long }),
    reveal,
    forget: (connector, unused) => secrets.forget(connector, unused),
  });
  let leaving = new AbortController();
  const contact = watchContact(client, {
    heard: at => plane.setContact({ at, interruptions: contact.interruptions }),
    interrupted: () => plane.setContact({ at: 0, interruptions: contact.interruptions }),
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
    // The processes of one worker are told apart where it matters: which of them runs a task.
    identity: first ? identity : `${identity}/${number}`,
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
      log.warn({ brokers: kafkaConfig.brokers }, 'Kafka does not answer: tasks go to other workers');
      workers.suspendTasks();
      leaving.abort(new Error('Kafka does not answer this worker'));
      plane.kafkaLost();
    },
    found() {
      log.info({ brokers: kafkaConfig.brokers }, 'Kafka answers again: tasks are taken');
      leaving = new AbortController();
      workers.resumeTasks();
    },
  });
  const closeContacts = async () => {
    contact.close();
    kafkaContact.close();
    await Promise.all(probes.map(probe => probe.close()));
  };
  const server = await startServer(listeners, surface, {
    control,
    plugins,
    clusterId: () => kafka.admin.clusterId(),
    async offsets({ name, type, config: own }) {
      const connector = await resolveConfig(components, name, own);
      using services = components.open(type, connector.clients, connector.props);
      return await readOffsets(services, type, name, connector);
    },
    log: loggers.log('rest'),
    loggers,
    topicTracking: { enabled: config['topic.tracking.enable'], reset: config['topic.tracking.allow.reset'] },
    setClusterLevel: (logger, level) => levels.set(logger, level),
    started: () => workers.ready() && plane.isReady(),
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
    // Requests that are under way may still need the workers, but not for long: tasks are to be handed over.
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
  const plain = async (connector: string, sealed: Readonly<Record<string, string>>) =>
    (await secrets.unseal(connector, sealed)).props;
  return {
    async put(connector, signal) {
      const outcome = await putConnector(control, connector, { plain, ready: () => workers.ready(), log, signal });
      log.info({ connector: connector.name }, `connector of a file: ${outcome}`);
    },
    started: () => member?.started(),
    async stop() {
      log.info({}, 'worker stops');
      await stop();
    },
  };
}

/**
 * Rejects where the topic of secrets would lose them. Any other failure is left to whoever needs the topic, and a Kafka
 * that does not answer is waited for a moment alone.
 */
async function checkConfigTopic(configs: ConfigTopic, log: Log): Promise<void> {
  const checked = configs.ensure().catch((error: unknown) => {
    if (error instanceof NotCompactedError) throw error;
    log.warn({ reason: messageOf(error) }, 'config.storage.topic cannot be used yet');
  });
  let late = false;
  const timer = delay(CONFIG_TOPIC_MS).then(() => {
    late = true;
  });
  checked.catch((error: unknown) => {
    if (late) log.error({ reason: messageOf(error) }, 'config.storage.topic cannot be used');
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
