import { Counter, Gauge, Registry } from 'prom-client';
import { taskFamilies } from './task-families.ts';
import { TaskMetrics, type TaskName } from './task-metrics.ts';

const labelNames = ['connector', 'task'] as const;

/**
 * The metrics of the tasks of one task host, for Prometheus: under Kafka Connect's names, and what connectors report of
 * themselves. A task's series begin with it and end with it, as in Connect.
 */
export class TaskRegistry {
  readonly #registry = new Registry();
  readonly #tasks = new Map<string, TaskMetrics>();
  readonly #now: () => number;

  /** labels: of every series. now: milliseconds of a clock that never goes back. */
  constructor(labels: Readonly<Record<string, string>> = {}, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#registry.setDefaultLabels(labels);
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
  }

  /** Where a task that begins here reports what it does. It must say when it has ended. */
  task(name: TaskName): TaskMetrics {
    const key = JSON.stringify([name.connector, name.task]);
    const metrics = new TaskMetrics(name, this.#now, ended => {
      // A successor may have begun here already.
      if (this.#tasks.get(key) === ended) this.#tasks.delete(key);
    });
    this.#tasks.set(key, metrics);
    return metrics;
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.#registry.metrics();
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
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const task of tasks.values()) {
          const { connector, task: id } = task.name;
          for (const [labels, value] of of(task)) this.inc({ connector, task: String(id), ...labels }, value);
        }
      },
    });
  }
}
