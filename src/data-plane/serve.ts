import type { Log } from '../api/index.ts';
import { Redaction } from '../config/secrets/redaction.ts';
import type { OperationContext } from '../connector/open-connector.ts';
import type { Operations } from '../connector/operations.ts';
import { type Figures, Progress } from '../connector/task/progress.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import type { TaskObserver } from '../engine/observer.ts';
import { reportFailure, truncateMiddle } from '../failure-report.ts';
import { CURRENT_REQUEST, currentRequest } from './current-request.ts';
import { Pulse } from './heartbeat-ticker.ts';
import type { HostPort } from './host-port.ts';
import { type LoggerLevel, TICK_MS, type ToHost } from './messages.ts';
import { CurrentAttempt, TemporalContact } from './temporal-contact.ts';
import { threadName } from './thread-times.ts';

/** Characters of a figure that is a text. */
const MAX_FIGURE = 500;

export interface HostServices {
  readonly operations: Operations;
  readonly log: Log;
  /** Where the metrics of a task are kept; called when it starts. */
  observe(args: TaskAttempt): Partial<TaskObserver>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  setLevel(level: LoggerLevel): void;
  /** Ends what waits for Kafka. */
  kafkaLost(): void;
}

Object.defineProperty(globalThis, CURRENT_REQUEST, { value: () => currentRequest.getStore() });

/** Serves the requests of the main thread until this thread or process ends. */
export function serve(port: HostPort, services: HostServices): void {
  const running = new Map<number, { readonly controller: AbortController; readonly attempt: CurrentAttempt }>();
  const contact = new TemporalContact();
  const pulse = new Pulse();

  /** Runs the code of a request in its own asynchronous context, and answers. */
  function handle(id: number, act: (context: OperationContext) => Promise<unknown>): void {
    const controller = new AbortController();
    const redact = new Redaction();
    const attempt = new CurrentAttempt(contact, () => port.post({ type: 'prove', id }), controller.signal);
    const confirm = () => attempt.confirm();
    const context = { signal: controller.signal, confirm, redact, redactNames: new Redaction() };
    running.set(id, { controller, attempt });
    currentRequest
      .run(id, () => act(context))
      .then(
        value => port.post({ type: 'answer', id, value }),
        (error: unknown) =>
          port.post({ type: 'failure', id, failure: reportFailure(error, text => redact.text(text)) }),
      )
      .finally(() => running.delete(id));
  }

  async function run(id: number, args: TaskAttempt, context: OperationContext): Promise<void> {
    const progress = new Progress(services.observe(args));
    let reported = '';
    const report = () => {
      const figures = shown(progress.snapshot(), context.redact);
      const topics = progress.takeTopics().map(topic => context.redactNames.text(topic));
      const all = JSON.stringify({ figures, topics });
      // Hundreds of idle tasks would keep the main thread busy with what it knows.
      if (all === reported) return;
      reported = all;
      port.post({ type: 'progress', id, figures, topics, written: progress.recordsWritten });
    };
    const stop = pulse.add(report);
    const log = withFields(services.log, { connector: args.connector, task: args.task });
    try {
      await services.operations.runTask(context, args, progress, log);
    } finally {
      stop();
      report();
      progress.ended();
    }
  }

  port.onMessage((message: ToHost) => {
    switch (message.type) {
      case 'run':
        return handle(message.id, context => run(message.id, message.args, context));
      case 'call': {
        const operation = services.operations[message.name] as (...args: readonly unknown[]) => Promise<unknown>;
        return handle(message.id, context => operation(context, ...message.args));
      }
      case 'cancel':
        return running.get(message.id)?.controller.abort(new Error(message.reason));
      case 'contact':
        return contact.update(message.at, message.interruptions);
      case 'proven':
        return running.get(message.id)?.attempt.proven(message.at, message.interruptions);
      case 'metrics':
        return handle(message.id, () => services.metrics());
      case 'level':
        return services.setLevel(message);
      case 'kafka lost':
        return services.kafkaLost();
    }
  });
  process.on('uncaughtException', error => {
    port.post({ type: 'crash', id: currentRequest.getStore(), failure: reportFailure(error) });
    // A child process sends asynchronously.
    setImmediate(() => process.exit(1));
  });
  setInterval(() => port.post({ type: 'tick' }), TICK_MS);
  port.post({ type: 'started', thread: threadName() });
}

/** Figures as they may be shown: texts are short and without secrets. */
const shown = (figures: Figures, redact: Redaction): Figures =>
  Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [
      name,
      typeof figure === 'string' ? truncateMiddle(redact.text(figure), MAX_FIGURE) : figure,
    ]),
  );

function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return {
    debug: (more, message) => log.debug({ ...fields, ...more }, message),
    info: (more, message) => log.info({ ...fields, ...more }, message),
    warn: (more, message) => log.warn({ ...fields, ...more }, message),
    error: (more, message) => log.error({ ...fields, ...more }, message),
  };
}
