import type { TaskObserver } from '../observer.ts';

/** Milliseconds between reports of a topic that the task reads from. */
const REPORT_MS = 600_000;

/** Reports the topics of a task to its observer, each at most once per interval. */
export class TopicReports {
  readonly #observer: TaskObserver;
  readonly #nextReportAt = new Map<string, number>();

  constructor(observer: TaskObserver) {
    this.#observer = observer;
  }

  report(topic: string): void {
    const now = performance.now();
    if (now < (this.#nextReportAt.get(topic) ?? 0)) return;
    this.#nextReportAt.set(topic, now + REPORT_MS);
    this.#observer.topic?.(topic);
  }
}
