import { createActivities } from '../../activities/create.ts';
import { monotonicMs } from '../data-plane/temporal-contact.ts';
import { type Contact, watchContact } from '../temporal/contact.ts';
import { heartbeat } from '../temporal/heartbeat.ts';
import { type RunningWorkers, runWorkers } from '../temporal/workers.ts';
import { isFirstProcess, type WorkerContext } from './context.ts';
import { watchBrokers } from './kafka-contact.ts';
import { LeaveSignal } from './leave-signal.ts';
import { temporalOptions } from './worker-properties.ts';

/** Timeout in milliseconds of a signal from a task to its connector. */
const SIGNAL_MS = 5000;

export interface TaskRunner {
  readonly workers: RunningWorkers;
  closeContacts(): Promise<void>;
}

/** Runs the Temporal workers. Tasks leave this process when it loses Kafka or stops. */
export function runTasks(context: WorkerContext): TaskRunner {
  const { services, config, workerId, taskQueue, dataPlane, connection, client, log } = context;
  const leaving = new LeaveSignal();
  const contact = watchContact(client, {
    onAnswer: at => dataPlane.setContact({ at, interruptions: contact.interruptions }),
    onInterruption: () => dataPlane.setContact({ at: 0, interruptions: contact.interruptions }),
  });
  const activities = taskActivities(context, contact, leaving);
  const workers = runWorkers({
    connection: temporalOptions(config),
    client: connection,
    namespace: config['temporal.namespace'],
    taskQueue,
    // The status of a task shows which process of the worker runs it.
    identity: isFirstProcess(context) ? workerId : `${workerId}/${context.number}`,
    workflowBundle: context.bundle,
    ...activities,
    maxTasks: config['worker.tasks.max'],
    leave: () => leaving.leave('the worker shuts down'),
    log,
  });
  const brokers = watchBrokers(services.kafkaConfig, log, {
    lost() {
      workers.suspendTasks();
      leaving.leave('Kafka does not answer this worker');
      dataPlane.reportKafkaLost();
    },
    found() {
      leaving.reset();
      workers.resumeTasks();
    },
  });
  return {
    workers,
    async closeContacts() {
      contact.close();
      await brokers.close();
    },
  };
}

function taskActivities(
  { observability, workerId, dataPlane, client }: WorkerContext,
  contact: Contact,
  leaving: LeaveSignal,
): ReturnType<typeof createActivities> {
  return createActivities({
    async heartbeat(taskToken, figures) {
      const at = monotonicMs();
      const ended = await heartbeat(client, workerId, taskToken, figures);
      return { ended, state: { at, interruptions: contact.interruptions } };
    },
    run: (args, options) => dataPlane.run(args, options),
    call: (name, args, options) => dataPlane.call(name, args, options),
    log: observability.loggers.log('task'),
    leaveSignal: () => leaving.current,
    signal: (workflowId, name, argument) =>
      client.withDeadline(Date.now() + SIGNAL_MS, () => client.workflow.getHandle(workflowId).signal(name, argument)),
    countAttempt: ({ connector, task }) => observability.metrics.taskStarted({ connector, task }),
  });
}
