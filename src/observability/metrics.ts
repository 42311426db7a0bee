import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { TaskName } from './task-metrics.ts';

/** Prometheus metrics of this process; task-registry.ts has those of its tasks. */
export class Metrics {
  readonly registry = new Registry();
  readonly #attempts: Counter;
  readonly #failures: Counter;
  #running = 0;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    const registers = [this.registry];
    const running = () => this.#running;
    new Gauge({
      name: 'kafka_connect_worker_task_count',
      help: 'Tasks that run in this process.',
      registers,
      collect() {
        this.set(running());
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
      labelNames: ['connector', 'task'],
      registers,
    });
  }

  /** Counts an attempt of a task. Returns a function to call when it has ended. failed: it ended with an error. */
  taskStarted({ connector, task }: Omit<TaskName, 'type'>): (failed: boolean) => void {
    this.#attempts.inc();
    this.#running++;
    return failed => {
      this.#running--;
      if (failed) this.#failures.inc({ connector, task: String(task) });
    };
  }
}
