import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Writes the numbers of passed, failed and skipped tests to the file in MILLRACE_TEST_SUMMARY, as `12 0 1`. A file that
 * fails to load and an error outside of tests count as one failure each.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env.MILLRACE_TEST_SUMMARY;
    if (!file) return;
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      count.failed += module.errors().length;
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    writeFileSync(file, `${count.passed} ${count.failed + count.pending} ${count.skipped}\n`);
  }
}
