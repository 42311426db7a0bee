import { Context } from '@temporalio/activity';
import { nextRun } from '../src/config/connector-config/schedule.ts';
import type { CallName, OffsetsAttempt } from '../src/connector/operations.ts';
import { HostLostError } from '../src/data-plane/host-lost.ts';
import type { ContactState } from '../src/data-plane/messages.ts';
import { RemoteError } from '../src/data-plane/remote-error.ts';
import { reportFailure } from '../src/failure-report.ts';
import { toFailure } from '../src/temporal/failure.ts';
import type { AlterOffsetsResult, Fences, OffsetsArgs, Plan, PlanArgs } from '../workflows/shared/messages.ts';
import type { ControlActivities, TaskActivities } from './index.ts';
import { AttemptHistory } from './task/attempt-history.ts';
import { proveAttempt } from './task/attempt-proof.ts';
import { type RunTaskDeps, runTaskActivity } from './task/run-task.ts';
import { SUSPECT_RETRY_MS, unresponsiveError } from './task/unresponsive-error.ts';

export interface ActivityDeps extends RunTaskDeps {
  /** Runs an operation in the data plane; rejects with RemoteError or HostLostError. */
  call<T>(name: CallName, args: readonly unknown[], options: CallOptions): Promise<T>;
}

export interface CallOptions {
  /** Runs the operation in a process without tasks. */
  readonly isolated: boolean;
  readonly signal: AbortSignal;
  /** See proveAttempt. */
  readonly confirmAttempt: () => Promise<ContactState>;
}

/** Creates the activities, bound to the worker's clients. Connectors' code runs in the data plane, never here. */
export function createActivities(deps: ActivityDeps): { control: ControlActivities; tasks: TaskActivities } {
  return {
    control: {
      planTasks: (args, offloaded = []) => callActivity<Plan>(deps, 'planTasks', args, offloaded),
      fenceTasks: args => callActivity<Fences>(deps, 'fenceTasks', args),
      removeConnector: (args, offloaded = []) => callActivity<void>(deps, 'removeConnector', args, offloaded),
      nextRun: async args => nextRun(args),
      alterOffsets: args => callActivity<AlterOffsetsResult>(deps, 'alterOffsets', withAttempt(args)),
    },
    tasks: { runTask: runTaskActivity(deps) },
  };
}

const withAttempt = (args: OffsetsArgs): OffsetsAttempt => ({ ...args, attempt: Context.current().info.attempt });

const HEARTBEAT_MS = 1000;

/** Calls an operation of a connector in the data plane, with heartbeats and cancellation. */
async function callActivity<T>(
  deps: ActivityDeps,
  name: CallName,
  args: PlanArgs,
  ...more: readonly unknown[]
): Promise<T> {
  const context = Context.current();
  const history = AttemptHistory.from(context.info.heartbeatDetails);
  context.heartbeat(history.figures);
  const ticker = setInterval(() => context.heartbeat(history.figures), HEARTBEAT_MS);
  const confirmAttempt = () => proveAttempt(deps, context, () => history.figures);
  const options = { isolated: history.isIsolated, signal: context.cancellationSignal, confirmAttempt };
  try {
    // A frozen worker may have received this attempt long ago.
    await confirmAttempt();
    return await Promise.race([deps.call<T>(name, [args, ...more], options), context.cancelled]);
  } catch (error) {
    if (context.cancellationSignal.aborted) throw error;
    if (!(error instanceof HostLostError)) {
      context.heartbeat(history.lastFigures);
      throw toFailure(error instanceof RemoteError ? error.report : reportFailure(error));
    }
    const after = error.isSuspect ? history.afterUnresponsive(error.suspicion.stack) : history;
    context.heartbeat(after.lastFigures);
    throw toFailure(reportFailure(unresponsiveError(`${name} of ${args.connector}`, error, after)), SUSPECT_RETRY_MS);
  } finally {
    clearInterval(ticker);
  }
}
