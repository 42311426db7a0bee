import type { Log } from '../api/index.ts';
import { Redaction } from '../config/secrets/redaction.ts';
import type { OperationContext } from '../connector/open-connector.ts';
import type { Operations } from '../connector/operations.ts';
import { type Figures, Progress } from '../connector/task/progress.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import type { TaskObserver } from '../engine/observer.ts';
import { reportFailure, truncateMiddle } from '../failure-report.ts';
import { CURRENT_REQUEST, currentRequest } from './current-request.ts';
import { HeartbeatTicker } from './heartbeat-ticker.ts';
import type { HostPort } from './host-port.ts';
import { type LoggerLevel, TICK_MS, type ToHost } from './messages.ts';
import { CurrentAttempt, TemporalContact } from './temporal-contact.ts';
import { threadName } from './thread-times.ts';

/** Maximum length of a figure that is a text. */
const MAX_FIGURE = 500;

export interface HostServices {
  readonly operations: Operations;
  readonly log: Log;
  /** Creates the observer of a task's metrics; called when the task starts. */
  observeTask(args: TaskAttempt): Partial<TaskObserver>;
  /** Metrics in Prometheus's text format. */
  metrics(): Promise<string>;
  setLevel(level: LoggerLevel): void;
  /** Rejects pending Kafka requests. */
  onKafkaLost(): void;
}

Object.defineProperty(globalThis, CURRENT_REQUEST, { value: () => currentRequest.getStore() });

/** Serves the requests of the main thread until this thread or process ends. */
export function serve(port: HostPort, services: HostServices): void {
  const server = new HostServer(port, services);
  port.onMessage(message => server.receive(message));
  process.on('uncaughtException', error => {
    port.post({ type: 'crash', id: currentRequest.getStore(), failure: reportFailure(error) });
    // A child process sends asynchronously.
    setImmediate(() => process.exit(1));
  });
  setInterval(() => port.post({ type: 'tick' }), TICK_MS);
  port.post({ type: 'started', thread: threadName() });
}

class HostServer {
  readonly #port: HostPort;
  readonly #services: HostServices;
  readonly #running = new Map<number, { readonly controller: AbortController; readonly attempt: CurrentAttempt }>();
  readonly #contact = new TemporalContact();
  readonly #ticker = new HeartbeatTicker();

  constructor(port: HostPort, services: HostServices) {
    this.#port = port;
    this.#services = services;
  }

  receive(message: ToHost): void {
    switch (message.type) {
      case 'run':
        this.#handle(message.id, context => this.#run(message.id, message.args, context));
        break;
      case 'call': {
        const call = this.#services.operations[message.name] as (...args: readonly unknown[]) => Promise<unknown>;
        this.#handle(message.id, context => call(context, ...message.args));
        break;
      }
      case 'cancel':
        this.#running.get(message.id)?.controller.abort(new Error(message.reason));
        break;
      case 'contact':
        this.#contact.update(message.at, message.interruptions);
        break;
      case 'proven':
        this.#running.get(message.id)?.attempt.onConfirmed(message.at, message.interruptions);
        break;
      case 'metrics':
        this.#handle(message.id, () => this.#services.metrics());
        break;
      case 'level':
        this.#services.setLevel(message);
        break;
      case 'kafka lost':
        this.#services.onKafkaLost();
        break;
    }
  }

  /** Runs the code of a request in its own asynchronous context and sends the answer. */
  #handle(id: number, operation: (context: OperationContext) => Promise<unknown>): void {
    const port = this.#port;
    const controller = new AbortController();
    const redact = new Redaction();
    const attempt = new CurrentAttempt(this.#contact, () => port.post({ type: 'prove', id }), controller.signal);
    const confirm = () => attempt.confirm();
    const context = { signal: controller.signal, confirm, redact, redactNames: new Redaction() };
    this.#running.set(id, { controller, attempt });
    currentRequest
      .run(id, () => operation(context))
      .then(
        value => port.post({ type: 'answer', id, value }),
        (error: unknown) =>
          port.post({ type: 'failure', id, failure: reportFailure(error, text => redact.text(text)) }),
      )
      .finally(() => this.#running.delete(id));
  }

  async #run(id: number, args: TaskAttempt, context: OperationContext): Promise<void> {
    const progress = new Progress(this.#services.observeTask(args));
    let lastReport = '';
    const reportProgress = () => {
      const figures = redactFigures(progress.snapshot(), context.redact);
      const topics = progress.takeTopics().map(topic => context.redactNames.text(topic));
      const report = JSON.stringify({ figures, topics });
      // Unchanged figures are not sent: hundreds of idle tasks would keep the main thread busy.
      if (report === lastReport) return;
      lastReport = report;
      this.#port.post({ type: 'progress', id, figures, topics, written: progress.recordsWritten });
    };
    const removeTick = this.#ticker.add(reportProgress);
    const log = withFields(this.#services.log, { connector: args.connector, task: args.task });
    try {
      await this.#services.operations.runTask(context, args, progress, log);
    } finally {
      removeTick();
      reportProgress();
      progress.ended();
    }
  }
}

/** Shortens texts and redacts secrets in them. */
const redactFigures = (figures: Figures, redact: Redaction): Figures =>
  Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [
      name,
      typeof figure === 'string' ? truncateMiddle(redact.text(figure), MAX_FIGURE) : figure,
    ]),
  );

function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return {
    debug: (extra, message) => log.debug({ ...fields, ...extra }, message),
    info: (extra, message) => log.info({ ...fields, ...extra }, message),
    warn: (extra, message) => log.warn({ ...fields, ...extra }, message),
    error: (extra, message) => log.error({ ...fields, ...extra }, message),
  };
}
