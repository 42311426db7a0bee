import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { type ConnectorStatus, searchAttributes } from '../shared/messages.ts';
import { MAX_NAME_CHARS } from './activities.ts';
import { withShortTraces } from './continue-as-new-state.ts';
import { connectorDetails } from './details.ts';
import type { ConnectorState } from './state.ts';
import type { TaskSet } from './tasks.ts';

export function connectorStatus(state: ConnectorState, tasks: TaskSet): ConnectorStatus {
  const { name, type, config, target, planFailure, revision, topics } = state;
  return {
    name,
    type,
    config,
    target,
    state: planFailure === undefined ? target : 'FAILED',
    ...(planFailure === undefined ? {} : { trace: planFailure }),
    tasks: withShortTraces(tasks.statuses),
    revision,
    topics: topics.toSorted(),
  };
}

/** Shows the status in the Temporal UI: search attributes and details. */
export function showStatus(state: ConnectorState, tasks: TaskSet): void {
  const status = connectorStatus(state, tasks);
  const isFailed = status.state === 'FAILED' || status.tasks.some(task => task.state === 'FAILED');
  const isRestarting = status.tasks.some(task => task.trouble !== undefined);
  upsertSearchAttributes({
    [searchAttributes.state]: [isFailed ? 'FAILED' : isRestarting ? 'RESTARTING' : status.state],
    [searchAttributes.class]: [String(state.config['connector.class'] ?? '').slice(0, MAX_NAME_CHARS)],
    [searchAttributes.tasks]: state.isScheduled ? [] : [String(status.tasks.length)],
  });
  showDetails(state, tasks);
}

export function showDetails(state: ConnectorState, tasks: TaskSet): void {
  setCurrentDetails(connectorDetails(connectorStatus(state, tasks)));
}
