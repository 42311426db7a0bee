import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type {
  AlterOffsetsResult,
  ConnectorConfig,
  ConnectorStatus,
  OffsetEntry,
  RestartRequest,
  TargetState,
  TaskFailureStreak,
} from '../shared/messages.ts';
import { queries, signals, updates } from '../shared/messages.ts';
import type { OffsetChanges } from './offset-changes.ts';
import { type ConnectorState, sameConfig } from './state.ts';
import { connectorStatus } from './status.ts';
import type { TaskSet } from './tasks.ts';

export interface HandlerContext {
  readonly state: ConnectorState;
  readonly tasks: TaskSet;
  readonly offsetChanges: OffsetChanges;
  readonly showStatus: () => void;
}

// Handlers await as few promises as they can: each one more changes the order of their continuations and breaks the replay
// of recorded histories.

export function registerHandlers(context: HandlerContext): void {
  registerTargetHandlers(context);
  registerConfigure(context);
  registerOffsetHandlers(context);
  registerRestartHandlers(context);
  const { state, tasks, showStatus } = context;
  setHandler(defineUpdate(updates.resetTopics), () => state.clearTopics(), {
    validator: () => checkNotDeleting(state),
  });
  setHandler(defineSignal<[readonly string[]]>(signals.usedTopics), topics => state.addTopics(topics));
  setHandler(defineSignal<[TaskFailureStreak]>(signals.troubled), streak => {
    if (tasks.recordFailureStreak(streak)) showStatus();
  });
  setHandler(defineQuery<ConnectorStatus>(queries.status), () => connectorStatus(state, tasks));
}

function registerTargetHandlers({ state, showStatus }: HandlerContext): void {
  const setTarget = (target: TargetState) => () => {
    if (state.target === target) return;
    state.setTarget(target);
    state.startNewGeneration();
    // Before the handler returns, so that a following query sees it.
    showStatus();
  };
  const register = (name: string, handler: () => void) => {
    setHandler(defineUpdate(name), handler, { validator: () => checkNotDeleting(state) });
    setHandler(defineSignal(name), handler);
  };
  register(updates.pause, setTarget('PAUSED'));
  register(updates.resume, setTarget('RUNNING'));
  register(updates.stop, setTarget('STOPPED'));
  register(updates.delete, () => {
    state.delete();
    state.startNewGeneration();
  });
}

function registerConfigure({ state, showStatus }: HandlerContext): void {
  const configure = (config: ConnectorConfig) => {
    // Re-submitting the same configuration must not restart tasks.
    if (state.planFailure === undefined && sameConfig(state.config, config)) return;
    state.configure(config);
    state.startNewGeneration();
    showStatus();
  };
  setHandler(defineUpdate<void, [ConnectorConfig, number?]>(updates.configure), configure, {
    validator: (_config: ConnectorConfig, revision?: number) => {
      checkNotDeleting(state);
      if (revision !== undefined && revision !== state.revision)
        throw ApplicationFailure.nonRetryable(
          `Connector ${state.name} has been configured by another request in the meantime`,
          'CONFLICT',
        );
    },
  });
  setHandler(defineSignal<[ConnectorConfig]>(updates.configure), configure);
}

function registerOffsetHandlers({ offsetChanges }: HandlerContext): void {
  setHandler(
    defineUpdate<AlterOffsetsResult, [readonly OffsetEntry[], string?]>(updates.alterOffsets),
    (entries, placeholder) => offsetChanges.alter(entries, placeholder),
    { validator: (_entries: readonly OffsetEntry[], _placeholder?: string) => offsetChanges.check() },
  );
  setHandler(defineUpdate<AlterOffsetsResult>(updates.resetOffsets), () => offsetChanges.alter(null), {
    validator: () => offsetChanges.check(),
  });
}

function registerRestartHandlers({ state, tasks, showStatus }: HandlerContext): void {
  const restart = async ({ includeTasks, onlyFailed }: RestartRequest) => {
    if (state.planFailure !== undefined) state.startNewGeneration();
    if (!includeTasks || state.target !== 'RUNNING') return;
    const { changes } = state;
    const restarted = tasks.failedOrAll(onlyFailed);
    await Promise.all(restarted.map(task => tasks.stop(task)));
    tasks.startAfterRestart(restarted, changes);
    showStatus();
  };
  setHandler(defineUpdate<void, [RestartRequest]>(updates.restart), restart, {
    validator: (_request: RestartRequest) => checkNotDeleting(state),
  });
  setHandler(defineSignal<[RestartRequest]>(updates.restart), restart);
  setHandler(
    defineUpdate<void, [number]>(updates.restartTask),
    async id => {
      const task = tasks.find(id);
      if (task === undefined || state.target !== 'RUNNING') return;
      const { changes } = state;
      await tasks.stop(task);
      tasks.startAfterRestart([task], changes);
      showStatus();
    },
    {
      validator: id => {
        checkNotDeleting(state);
        if (tasks.find(id) === undefined)
          throw ApplicationFailure.nonRetryable(`Unknown task: ${state.name}-${id}`, 'NOT_FOUND');
      },
    },
  );
}

function checkNotDeleting(state: ConnectorState): void {
  if (state.isDeleting) throw ApplicationFailure.nonRetryable(`Connector ${state.name} is being deleted`, 'CONFLICT');
}
