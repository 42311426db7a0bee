import { expect, test } from 'vitest';
import { troubleOf } from '../../activities/task/failure-streak.ts';
import { News } from '../../activities/task/task-signals.ts';
import { silent } from '../../src/observability/silent.ts';

/** Attempts one after the other, each of which knows of the one before by its last heartbeat alone. */
class Attempts {
  readonly heard: [string, unknown][] = [];
  /** What telling comes to. */
  lost = false;
  heartbeat: unknown;
  news = this.next();

  next(): News {
    this.news = new News(
      {
        task: 3,
        send: async (...signal) => {
          if (this.lost) throw new Error('Temporal does not answer');
          this.heard.push(signal);
        },
        log: silent,
      },
      troubleOf(this.heartbeat),
    );
    return this.news;
  }

  async fail(times: number): Promise<number[]> {
    const waits: number[] = [];
    for (let n = 0; n < times; n++) {
      waits.push(this.news.failed());
      this.heartbeat = { records_read: 0, ...this.news.figures };
      await this.news.trouble(`no ${n}`);
      this.next();
    }
    return waits;
  }
}

test('a task that fails again and again backs off, and says so ever more rarely', async () => {
  const attempts = new Attempts();
  const before = Date.now();
  expect(await attempts.fail(9)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(attempts.heard).toEqual([
    ['troubled', { task: 3, since: expect.any(Number), failure: 'no 3' }],
    ['troubled', { task: 3, since: expect.any(Number), failure: 'no 7' }],
  ]);
  const [first, second] = attempts.heard.map(([, told]) => (told as { since: number }).since);
  expect(first).toBe(second);
  expect(first).toBeGreaterThanOrEqual(before);
  await attempts.fail(1000);
  expect(attempts.heard).toHaveLength(8);
});

test('what is over is told where the trouble was, once it gets through, and the next failure is the first', async () => {
  const attempts = new Attempts();
  await attempts.fail(3);
  await attempts.news.well();
  expect(attempts.heard).toEqual([]);
  await attempts.fail(5);
  const { news } = attempts;
  attempts.lost = true;
  await news.well();
  expect(news.figures).toMatchObject({ failures_in_a_row: 5 });
  attempts.lost = false;
  await news.well();
  await news.well();
  expect(attempts.heard.slice(1)).toEqual([['troubled', { task: 3, since: expect.any(Number) }]]);
  expect(news.figures).toEqual({});
  expect(news.failed()).toBe(500);
});

test('a heartbeat of another kind tells of no trouble', () => {
  for (const heartbeat of [undefined, null, 'x', 7, {}, { failures_in_a_row: 2 }, { failing_since: 'today' }])
    expect(troubleOf(heartbeat)).toBeUndefined();
});

test('topics that could not be told are told again, a hundred at once', async () => {
  const attempts = new Attempts();
  const topics = new Set(Array.from({ length: 250 }, (_, i) => `t${i}`));
  attempts.lost = true;
  await attempts.news.topics(topics);
  attempts.lost = false;
  await attempts.news.topics(topics);
  await attempts.news.topics(topics);
  expect(attempts.heard.map(([name, topics]) => [name, (topics as string[]).length])).toEqual([
    ['usedTopics', 100],
    ['usedTopics', 100],
    ['usedTopics', 50],
  ]);
});
