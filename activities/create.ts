import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Log, SinkConnector, SourceConnector } from '../src/api/index.ts';
import { Redaction } from '../src/config/redaction.ts';
import { nextRun } from '../src/config/schedule.ts';
import { secretKeys } from '../src/config/secret-keys.ts';
import { untilAborted } from '../src/engine/grace.ts';
import type { TaskObserver } from '../src/engine/observer.ts';
import type { OffsetStore } from '../src/engine/offset-store.ts';
import { parsed } from '../src/engine/source-runner.ts';
import { kindOf, MillraceError, messageOf } from '../src/errors.ts';
import type { KafkaClient } from '../src/kafka/port.ts';
import { toFailure } from '../src/temporal/failure.ts';
import type {
  ConnectorConfig,
  ConnectorType,
  OffsetEntry,
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
  /** Puts the values of a connector's keys where secrets are, and placeholders in their place. */
  keep(connector: string, config: ConnectorConfig, keys: readonly string[]): Promise<ConnectorConfig>;
  /** Removes what a connector's configuration names of what is kept there. Idempotent. */
  forget(connector: string, config: ConnectorConfig): Promise<void>;
  /** Of the log of clients that all tasks share: is told what may come up in names of topics. */
  readonly namesRedaction: Redaction;
  /** See RunTaskDeps. */
  readonly leaving: AbortSignal;
}

/** The activities of a worker process, with its clients in their hands. */
export function createActivities(deps: ActivityDeps): { control: ControlActivities; tasks: TaskActivities } {
  const redactions = new WeakMap<TaskAttempt, TaskRedaction>();
  return {
    control: {
      planTasks: (args, before = []) => short(redact => plan(deps, args, before, redact)),
      removeConnector: (args, kept = []) =>
        short(async redact => {
          const failure = await remove(deps, args, redact).catch(fatal);
          await forgotten(deps, args, kept);
          if (failure !== undefined) throw failure;
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
        redact: (args, text) => redactions.get(args)?.texts.text(text) ?? text,
        redactTopic: (args, topic) => redactions.get(args)?.names.text(topic) ?? topic,
        async body(args, progress, signal, log) {
          const redact = new Redaction();
          const names = new Redaction();
          redactions.set(args, { texts: redact, names });
          const opening = wholeConfig(deps, args).then(config => opened(deps, args.connector, config, redact));
          const { connector, props, inNames } = await untilAborted(signal, opening);
          names.add(inNames);
          deps.namesRedaction.add(inNames);
          if (connector.kind !== args.type) throw wrongType(args, connector.kind);
          const pipeline = await pipelineOf(deps, props);
          const safe = redact.log(log);
          if (connector.kind === 'source') await runSourceTask(deps, connector, pipeline, args, progress, signal, safe);
          else await runSinkTask(deps.kafka, connector, pipeline, args, progress, signal, safe);
        },
      }),
    },
  };
}

/** What takes the secrets of a task out of what it tells. */
interface TaskRedaction {
  readonly texts: Redaction;
  /** For names, in which a short secret may be found by chance: of those alone that can get there. */
  readonly names: Redaction;
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
  const { connector, props } = await opened(deps, args.connector, config, redact);
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
  const planned = await keptApart(config, own, (task, keys) => deps.keep(args.connector, task, keys));
  // The tasks of the plan before have ended. One of an earlier version names what the connector itself names, too.
  const used = Object.values(config).join();
  await deps.forget(args.connector, listed(before.filter(placeholder => !used.includes(placeholder))));
  return planned;
}

const listed = (placeholders: readonly string[]): ConnectorConfig => Object.fromEntries(placeholders.entries());

async function remove(deps: ActivityDeps, { connector: name, config }: PlanArgs, redact: Redaction): Promise<void> {
  const { connector, props } = await opened(deps, name, config, redact);
  if (hooksDeletion(connector)) await connector.deleted(parsed(connector.config, props), contextOf(deps, redact));
}

async function alter(deps: ActivityDeps, given: OffsetsArgs, redact: Redaction): Promise<OffsetsAltered> {
  const { connector, props } = await opened(deps, given.connector, given.config, redact);
  const offsets = given.kept === undefined ? given.offsets : await read(deps, given.connector, 'offsets', given.kept);
  const args = { ...given, offsets };
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
async function wholeConfig(deps: ActivityDeps, { connector, config, kept }: TaskArgs): Promise<ConnectorConfig> {
  return kept === undefined ? config : { ...(await read(deps, connector, 'document', kept)), ...config };
}

/** What is kept as JSON under the key of that name, where a placeholder says. */
async function read<K extends keyof Kept>(
  deps: ActivityDeps,
  connector: string,
  key: K,
  kept: string,
): Promise<Kept[K]> {
  const { props } = await deps.unseal(connector, { [key]: kept });
  try {
    return JSON.parse(props[key] ?? '');
  } catch {
    // The parser's own message quotes what it was given.
    throw new MillraceError('TASK_CONFIG', `What is kept of the connector ${connector} as ${key} is not JSON.`);
  }
}

interface Kept {
  readonly document: ConnectorConfig;
  readonly offsets: readonly OffsetEntry[];
}

/** For a removal that fails: undefined is never answered, and what passes by itself is tried again with all that there is. */
function fatal(error: unknown): unknown {
  if (kindOf(error) === 'retriable') throw error;
  return error;
}

/** The connector of a configuration and what that says, its secrets known to `redact` before anything is asked of anybody. */
async function opened(deps: ActivityDeps, name: string, config: ConnectorConfig, redact: Redaction) {
  const { connector } = await connectorOf(deps, config);
  const { props, secrets, inNames } = await resolved(deps, name, config, connector.config.keys);
  redact.add(secrets);
  redact.add(secretKeys(props, connector.config.keys).map(key => props[key] ?? ''));
  return { connector, props, inNames };
}

/** As far as Kafka is there: a secret that is left behind is no reason for a connector to stay. */
async function forgotten(
  { forget, log }: ActivityDeps,
  { connector, config }: PlanArgs,
  kept: readonly string[],
): Promise<void> {
  const forgetting = forget(connector, { ...config, ...listed(kept) }).catch((error: unknown) =>
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
  // What connectors log may quote what servers say.
  log: redact.log(deps.log),
  signal: Context.current().cancellationSignal,
});
