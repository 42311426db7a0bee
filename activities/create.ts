import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Log, SinkConnector, SourceConnector } from '../src/api/index.ts';
import { resolvePlaceholders } from '../src/config/placeholders.ts';
import { Redaction } from '../src/config/redaction.ts';
import { nextRun } from '../src/config/schedule.ts';
import { secretKeys } from '../src/config/secret-keys.ts';
import { untilAborted } from '../src/engine/grace.ts';
import type { TaskObserver } from '../src/engine/observer.ts';
import type { OffsetStore } from '../src/engine/offset-store.ts';
import { parsed } from '../src/engine/source-runner.ts';
import { MillraceError, messageOf } from '../src/errors.ts';
import type { KafkaClient } from '../src/kafka/port.ts';
import { toFailure } from '../src/temporal/failure.ts';
import type {
  ConnectorConfig,
  ConnectorType,
  OffsetsAltered,
  OffsetsArgs,
  Plan,
  PlanArgs,
  TaskArgs,
} from '../workflows/messages.ts';
import { type CheckDeps, checkedConfig } from './check.ts';
import { connectorOf, pipelineOf, resolved } from './components.ts';
import type { ControlActivities, TaskActivities, TaskAttempt } from './index.ts';
import { keptApart } from './kept-apart.ts';
import { alterSinkOffsets, alterSourceOffsets } from './offsets.ts';
import { runTaskActivity } from './run-task.ts';
import { runSinkTask } from './sink-task.ts';
import { runSourceTask } from './source-task.ts';

export interface ActivityDeps extends CheckDeps {
  readonly kafka: KafkaClient;
  readonly offsets: OffsetStore;
  readonly log: Log;
  /** See RunTaskDeps. */
  signal(workflowId: string, name: string, argument: unknown): Promise<void>;
  observe(args: TaskArgs): Partial<TaskObserver>;
  /** Puts the values of keys where secrets are, and placeholders in their place. */
  keep(config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** Removes what a configuration names of what is kept there. Idempotent. */
  forget(config: ConnectorConfig): Promise<void>;
  /** See RunTaskDeps. */
  readonly leaving: AbortSignal;
}

/** The activities of a worker process, with its clients in their hands. */
export function createActivities(deps: ActivityDeps): { control: ControlActivities; tasks: TaskActivities } {
  const redactions = new WeakMap<TaskAttempt, Redaction>();
  return {
    control: {
      planTasks: (args, before = []) => short(redact => plan(deps, args, before, redact)),
      removeConnector: (args, kept = []) =>
        short(async redact => {
          await remove(deps, args, redact);
          await forgotten(deps, args, kept);
        }),
      nextRun: async args => nextRun(args),
      alterOffsets: args => short(redact => alter(deps, args, redact)),
    },
    tasks: {
      runTask: runTaskActivity({
        log: deps.log,
        observe: deps.observe,
        signal: (workflowId, name, argument) => deps.signal(workflowId, name, argument),
        leaving: deps.leaving,
        redact: (args, text) => redactions.get(args)?.text(text) ?? text,
        async body(args, progress, signal, log) {
          const redact = new Redaction();
          redactions.set(args, redact);
          const opening = wholeConfig(deps, args).then(config => opened(deps, config, redact));
          const { connector, props } = await untilAborted(signal, opening);
          if (connector.kind !== args.type) throw wrongType(args, connector.kind);
          const pipeline = await pipelineOf(deps, props);
          const safe = redacted(log, redact);
          if (connector.kind === 'source') await runSourceTask(deps, connector, pipeline, args, progress, signal, safe);
          else await runSinkTask(deps.kafka, connector, pipeline, args, progress, signal, safe);
        },
      }),
    },
  };
}

const wrongType = ({ connector, config, type }: TaskArgs, kind: ConnectorType): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The workflow of ${connector} was started with the type ${type}, and ${config['connector.class']} is a ${kind}: ` +
      `delete it, and start it with the type ${kind}.`,
  );

const HEARTBEAT_MS = 2000;
/** How long whoever deletes a connector waits for its secrets to be removed. */
const FORGET_MS = 5000;

/** Runs a short activity: it heartbeats, can be cancelled, and fails as Temporal should see it. */
async function short<T>(act: (redact: Redaction) => Promise<T>): Promise<T> {
  const context = Context.current();
  const redact = new Redaction();
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await Promise.race([act(redact), context.cancelled]);
  } catch (error) {
    if (context.cancellationSignal.aborted) throw error;
    throw toFailure(error, text => redact.text(text));
  } finally {
    clearInterval(beat);
  }
}

/**
 * A sink has as many tasks as it is given: each finds its partitions by itself. A source plans. What is answered is what
 * each task has of its own, texts where the configuration has other scalars.
 */
async function plan(deps: ActivityDeps, args: PlanArgs, before: readonly string[], redact: Redaction): Promise<Plan> {
  const config = await checkedConfig(deps, args);
  const { connector, props } = await opened(deps, config, redact);
  const given: Readonly<Record<string, unknown>> = args.config;
  const texts = Object.fromEntries(Object.entries(config).filter(([key, text]) => given[key] !== text));
  const most = Math.max(1, Number(props['tasks.max'] ?? 1));
  const tasks: readonly ConnectorConfig[] =
    connector.kind === 'sink'
      ? Array.from({ length: most }, () => ({}))
      : await connector.plan(parsed(connector.config, props), most, contextOf(deps, redact));
  // What a plan says goes over the connector's own keys; where it says the same, the placeholders stay.
  const own = tasks.map(task => ({
    ...texts,
    ...Object.fromEntries(Object.entries(task).filter(([key, value]) => props[key] !== value)),
  }));
  const planned = await keptApart(config, own, (task, keys) => deps.keep(task, keys));
  // The tasks of the plan before have ended. One of an earlier version names what the connector itself names, too.
  const used = Object.values(config).join();
  await deps.forget(listed(before.filter(placeholder => !used.includes(placeholder))));
  return planned;
}

const listed = (placeholders: readonly string[]): ConnectorConfig => Object.fromEntries(placeholders.entries());

async function remove(deps: ActivityDeps, { config }: PlanArgs, redact: Redaction): Promise<void> {
  const { connector, props } = await opened(deps, config, redact);
  if (hooksDeletion(connector)) await connector.deleted(parsed(connector.config, props), contextOf(deps, redact));
}

async function alter(deps: ActivityDeps, given: OffsetsArgs, redact: Redaction): Promise<OffsetsAltered> {
  const { connector, props } = await opened(deps, given.config, redact);
  const args: OffsetsArgs = given.kept === undefined ? given : { ...given, offsets: await read(deps, given.kept) };
  return connector.kind === 'source'
    ? alterSourceOffsets(deps, connector, args, props, contextOf(deps, redact))
    : alterSinkOffsets(
        deps,
        connector,
        { ...args, attempt: Context.current().info.attempt },
        props,
        contextOf(deps, redact),
      );
}

/** A task's configuration, where the connector's was too long to be given to it. */
async function wholeConfig({ providers }: ActivityDeps, { config, kept }: TaskArgs): Promise<ConnectorConfig> {
  return kept === undefined ? config : { ...(await read<ConnectorConfig>({ providers }, kept)), ...config };
}

/** JSON that is kept where a placeholder says. */
async function read<T>({ providers }: Pick<ActivityDeps, 'providers'>, kept: string): Promise<T> {
  const { text = 'null' } = (await resolvePlaceholders({ text: kept }, providers)).props;
  return JSON.parse(text) as T;
}

/** The connector of a configuration and what that says, its secrets known to `redact` before anything is asked of anybody. */
async function opened(deps: ActivityDeps, config: ConnectorConfig, redact: Redaction) {
  const { connector } = await connectorOf(deps, config);
  const { props, secrets } = await resolved(deps, config);
  redact.add(secrets);
  redact.add(secretKeys(props, connector.config.keys).map(key => props[key] ?? ''));
  return { connector, props };
}

/** As far as Kafka is there: a secret that is left behind is no reason for a connector to stay. */
async function forgotten(
  { forget, log }: ActivityDeps,
  { connector, config }: PlanArgs,
  kept: readonly string[],
): Promise<void> {
  const forgetting = forget({ ...config, ...listed(kept) }).catch((error: unknown) =>
    log.warn(
      { connector, reason: messageOf(error) },
      'secrets of a deleted connector are left in config.storage.topic',
    ),
  );
  await Promise.race([forgetting, delay(FORGET_MS, undefined, { ref: false })]);
}

type Deletable = SourceConnector<unknown> & { deleted: NonNullable<SourceConnector<unknown>['deleted']> };
const hooksDeletion = (connector: SourceConnector<unknown> | SinkConnector<unknown>): connector is Deletable =>
  connector.kind === 'source' && connector.deleted !== undefined;

const contextOf = (deps: ActivityDeps, redact: Redaction) => ({
  log: redacted(deps.log, redact),
  signal: Context.current().cancellationSignal,
});

/** What connectors log may quote what servers say. */
const redacted = (log: Log, redact: Redaction): Log => ({
  debug: (fields, message) => log.debug(redact.fields(fields), redact.text(message)),
  info: (fields, message) => log.info(redact.fields(fields), redact.text(message)),
  warn: (fields, message) => log.warn(redact.fields(fields), redact.text(message)),
  error: (fields, message) => log.error(redact.fields(fields), redact.text(message)),
});
