import { pino } from 'pino';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { type Level, Loggers } from '../observability/loggers.ts';
import { Metrics } from '../observability/metrics.ts';
import { joinProcesses, type Member } from '../processes/member.ts';
import { mergeMetrics } from '../processes/metrics-text.ts';

/** Loggers and metrics of this process, kept in step with its data plane and the worker's other processes. */
export class WorkerObservability {
  readonly loggers: Loggers;
  readonly metrics = new Metrics();
  #member: Member | undefined;
  #dataPlane: DataPlane | undefined;

  constructor() {
    const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
    this.loggers = new Loggers(root, {
      onSet: (logger, level) => this.#member?.setLevelElsewhere({ logger, level }),
      onChange: (logger, level) => this.#dataPlane?.setLevel({ logger, level }),
    });
  }

  /** number: of this process; undefined for a worker with a single process. */
  joinProcesses(number: number | undefined): void {
    if (number === undefined) return;
    this.metrics.registry.setDefaultLabels({ process: String(number) });
    this.#member = joinProcesses(number, {
      metrics: () => this.#processMetrics(),
      setLevel: ({ logger, level }) => this.loggers.follow(logger, level as Level),
    });
  }

  attach(dataPlane: DataPlane): void {
    this.#dataPlane = dataPlane;
  }

  reportStarted(): void {
    this.#member?.reportStarted();
  }

  /** Metrics of all processes in Prometheus' text format. */
  async metricsResponse(): Promise<{ readonly contentType: string; readonly body: string }> {
    return {
      contentType: this.metrics.registry.contentType,
      body: await (this.#member?.metrics() ?? this.#processMetrics()),
    };
  }

  async #processMetrics(): Promise<string> {
    return mergeMetrics([await this.metrics.registry.metrics(), ...((await this.#dataPlane?.metrics()) ?? [])]);
  }
}
