import { expect, test } from 'vitest';
import { streakFrom } from '../../activities/task/failure-streak.ts';
import { TaskSignals } from '../../activities/task/task-signals.ts';
import { silent } from '../../src/observability/silent.ts';

/** Consecutive attempts, each of which gets the last heartbeat of the previous one. */
class Attempts {
  readonly signals: [string, unknown][] = [];
  isTemporalDown = false;
  heartbeat: unknown;
  current = this.next();

  next(): TaskSignals {
    this.current = new TaskSignals(
      {
        task: 3,
        send: async (...signal) => {
          if (this.isTemporalDown) throw new Error('Temporal does not answer');
          this.signals.push(signal);
        },
        log: silent,
      },
      streakFrom(this.heartbeat),
    );
    return this.current;
  }

  async fail(times: number): Promise<number[]> {
    const waits: number[] = [];
    for (let n = 0; n < times; n++) {
      waits.push(this.current.recordFailure());
      this.heartbeat = { records_read: 0, ...this.current.figures };
      await this.current.failing(`no ${n}`);
      this.next();
    }
    return waits;
  }
}

test('a task that fails repeatedly backs off and sends signals at growing intervals', async () => {
  const attempts = new Attempts();
  const before = Date.now();
  expect(await attempts.fail(9)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(attempts.signals).toEqual([
    ['troubled', { task: 3, since: expect.any(Number), failure: 'no 3' }],
    ['troubled', { task: 3, since: expect.any(Number), failure: 'no 7' }],
  ]);
  const [first, second] = attempts.signals.map(([, streak]) => (streak as { since: number }).since);
  expect(first).toBe(second);
  expect(first).toBeGreaterThanOrEqual(before);
  await attempts.fail(1000);
  expect(attempts.signals).toHaveLength(8);
});

test('a recovery is signalled after a reported streak, retried until sent, and ends the streak', async () => {
  const attempts = new Attempts();
  await attempts.fail(3);
  await attempts.current.recovered();
  expect(attempts.signals).toEqual([]);
  await attempts.fail(5);
  const { current } = attempts;
  attempts.isTemporalDown = true;
  await current.recovered();
  expect(current.figures).toMatchObject({ failures_in_a_row: 5 });
  attempts.isTemporalDown = false;
  await current.recovered();
  await current.recovered();
  expect(attempts.signals.slice(1)).toEqual([['troubled', { task: 3, since: expect.any(Number) }]]);
  expect(current.figures).toEqual({});
  expect(current.recordFailure()).toBe(500);
});

test('other heartbeat details contain no failure streak', () => {
  for (const heartbeat of [undefined, null, 'x', 7, {}, { failures_in_a_row: 2 }, { failing_since: 'today' }])
    expect(streakFrom(heartbeat)).toBeUndefined();
});

test('topics are sent in chunks of 100, again after a failed signal', async () => {
  const attempts = new Attempts();
  const topics = new Set(Array.from({ length: 250 }, (_, i) => `t${i}`));
  attempts.isTemporalDown = true;
  await attempts.current.reportTopics(topics);
  attempts.isTemporalDown = false;
  await attempts.current.reportTopics(topics);
  await attempts.current.reportTopics(topics);
  expect(attempts.signals.map(([name, topics]) => [name, (topics as string[]).length])).toEqual([
    ['usedTopics', 100],
    ['usedTopics', 100],
    ['usedTopics', 50],
  ]);
});
