import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { taskFamilies } from './task-families.ts';
import { TaskMetrics, type TaskName } from './task-metrics.ts';

const labelNames = ['connector', 'task'] as const;
const labelsOf = ({ connector, task }: TaskName) => ({ connector, task: String(task) });

/**
 * The metrics of this process for Prometheus: its tasks under Kafka Connect's names, what connectors report of
 * themselves, and Node's own figures. A task's series begin with it and end with it, as in Connect.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #tasks = new Map<string, TaskMetrics>();
  readonly #now: () => number;
  readonly #attempts: Counter;
  readonly #failures: Counter;

  /** now: milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    collectDefaultMetrics({ register: this.registry });
    const registers = [this.registry];
    for (const { name, help, kind, type, value } of taskFamilies)
      this.#eachTask(kind === 'counter' ? Counter : Gauge, name, help, function* (task) {
        if (type === undefined || type === task.name.type) yield [{}, value(task)];
      });
    this.#eachTask(
      Gauge,
      'kafka_connect_connector_task_status',
      'Tasks that run in this process.',
      function* () {
        yield [{ status: 'running' }, 1];
      },
      ['status'],
    );
    this.#eachTask(Counter, 'millrace_task_read_bytes_total', 'Bytes read by the task.', function* (task) {
      yield [{}, task.bytesTotal];
    });
    this.#eachTask(
      Gauge,
      'millrace_task_figure',
      'What the connector reports of itself.',
      function* (task) {
        for (const [figure, number] of task.reported) yield [{ figure }, number];
      },
      ['figure'],
    );
    const tasks = this.#tasks;
    new Gauge({
      name: 'kafka_connect_worker_task_count',
      help: 'Tasks that run in this process.',
      registers,
      collect() {
        this.set(tasks.size);
      },
    });
    this.#attempts = new Counter({
      name: 'kafka_connect_worker_task_startup_attempts_total',
      help: 'Starts of tasks in this process.',
      registers,
    });
    this.#failures = new Counter({
      name: 'millrace_task_failures_total',
      help: 'Attempts of a task that ended with an error.',
      labelNames,
      registers,
    });
  }

  /** Where a task that begins here tells what it does. It must say when it has ended. */
  task(name: TaskName): TaskMetrics {
    const key = `${name.connector}/${name.task}`;
    const metrics = new TaskMetrics(name, this.#now, (ended, failed) => {
      // A successor may have begun here already.
      if (this.#tasks.get(key) === ended) this.#tasks.delete(key);
      if (failed) this.#failures.inc(labelsOf(name));
    });
    this.#tasks.set(key, metrics);
    this.#attempts.inc();
    return metrics;
  }

  /** The text that Prometheus reads. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** A metric that is asked of every task at each scrape. */
  #eachTask(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    of: (task: TaskMetrics) => Iterable<readonly [labels: Record<string, string>, value: number]>,
    more: readonly string[] = [],
  ): void {
    const tasks = this.#tasks;
    new Kind({
      name,
      help,
      labelNames: [...labelNames, ...more],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const task of tasks.values())
          for (const [labels, value] of of(task)) this.inc({ ...labelsOf(task.name), ...labels }, value);
      },
    });
  }
}
