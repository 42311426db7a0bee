import { Counter, Gauge, Registry } from 'prom-client';
import { taskFamilies } from './task-families.ts';
import { TaskMetrics, type TaskName } from './task-metrics.ts';

const labelNames = ['connector', 'task'] as const;

/**
 * Prometheus metrics of the tasks of a task host: Kafka Connect's metrics, and figures that connectors report. The series of a task
 * exist while it runs, as in Kafka Connect.
 */
export class TaskRegistry {
  readonly #registry = new Registry();
  readonly #tasks = new Map<string, TaskMetrics>();
  readonly #now: () => number;

  /** labels: added to every series. now: milliseconds of a monotonic clock. */
  constructor(labels: Readonly<Record<string, string>> = {}, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#registry.setDefaultLabels(labels);
    for (const { name, help, kind, type, value } of taskFamilies)
      this.#addTaskMetric(kind === 'counter' ? Counter : Gauge, name, help, function* (task) {
        if (type === undefined || type === task.name.type) yield [{}, value(task)];
      });
    this.#addTaskMetric(
      Gauge,
      'kafka_connect_connector_task_status',
      'Tasks that run in this process.',
      function* () {
        yield [{ status: 'running' }, 1];
      },
      ['status'],
    );
    this.#addTaskMetric(Counter, 'millrace_task_read_bytes_total', 'Bytes read by the task.', function* (task) {
      yield [{}, task.bytesTotal];
    });
    this.#addTaskMetric(
      Gauge,
      'millrace_task_figure',
      'Figure that the connector reports.',
      function* (task) {
        for (const [figure, number] of task.connectorFigures) yield [{ figure }, number];
      },
      ['figure'],
    );
  }

  /** Creates the metrics of a task that starts. Call `ended` when it has ended. */
  task(name: TaskName): TaskMetrics {
    const key = JSON.stringify([name.connector, name.task]);
    const metrics = new TaskMetrics(name, this.#now, instance => {
      // A successor may have started in this host already.
      if (this.#tasks.get(key) === instance) this.#tasks.delete(key);
    });
    this.#tasks.set(key, metrics);
    return metrics;
  }

  /** Metrics in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds a metric that is computed for every task at each scrape. */
  #addTaskMetric(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    valuesOf: (task: TaskMetrics) => Iterable<readonly [labels: Record<string, string>, value: number]>,
    extraLabels: readonly string[] = [],
  ): void {
    const tasks = this.#tasks;
    new Kind({
      name,
      help,
      labelNames: [...labelNames, ...extraLabels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const task of tasks.values()) {
          const { connector, task: id } = task.name;
          for (const [labels, value] of valuesOf(task)) this.inc({ connector, task: String(id), ...labels }, value);
        }
      },
    });
  }
}
