import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Inquiry, type WatchedSession, watchAnswer } from '../../src/databases/answer-watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const inquiries: Inquiry[] = [];
let bytes = 0;
/** idle: how long the server has waited, ms; undefined: it takes no session. */
function session(idle: number | undefined, limitMs = 0): WatchedSession {
  inquiries.length = 0;
  return {
    server: 'PostgreSQL at db:5432',
    failure: 'SINK_UNAVAILABLE',
    limitMs,
    limitSetting: 'socketTimeout',
    progress: () => bytes,
    inquire: inquiry => {
      inquiries.push(inquiry);
      return idle === undefined ? Promise.reject(new Error('refused')) : Promise.resolve(idle >= inquiry.idleMs);
    },
  };
}

/** The message that a watch ends with, and after how many seconds; undefined where it has not ended in two hours. */
async function outcome(watched: WatchedSession, everySecond = (_second: number): void => {}) {
  let message: string | undefined;
  const answer = Promise.withResolvers<void>();
  const watching = watchAnswer(watched, 'reading', answer.promise).catch((error: Error) => {
    message = error.message;
  });
  let seconds = 0;
  for (; seconds < 7200 && message === undefined; seconds++) {
    everySecond(seconds);
    await vi.advanceTimersByTimeAsync(1000);
    await setImmediate();
    await setImmediate();
  }
  answer.resolve();
  await watching;
  return message === undefined ? undefined : { message, seconds };
}

test('a server that takes no session is given up after 15 s of silence', async () => {
  expect(await outcome(session(undefined))).toEqual({
    message: 'reading: PostgreSQL at db:5432 has not answered for 15 s, and takes no new session: refused',
    seconds: 15,
  });
});

test('a server that waits itself is given up when what was sent should have arrived', async () => {
  expect(await outcome(session(3_600_000))).toMatchObject({ seconds: 30 });
  expect(inquiries.map(({ terminate }) => terminate)).toEqual(['never', 'if idle']);
});

test('a server that works is waited for, up to the limit', async () => {
  expect(await outcome(session(0))).toBeUndefined();
  expect(await outcome(session(0, 40_000))).toEqual({
    message: 'reading: PostgreSQL at db:5432 has not answered for 40 s, longer than socketTimeout allows',
    seconds: 40,
  });
  expect(inquiries.at(-1)).toMatchObject({ terminate: 'always' });
});

test('bytes that move begin the silence anew', async () => {
  const busy = outcome(session(undefined, 20_000), second => {
    if (second < 100 && second % 10 === 0) bytes++;
  });
  expect((await busy)?.seconds).toBeGreaterThan(100);
});

test('an answer ends the watch, also before it has begun and while the server is asked', async () => {
  const watched = session(0, 60_000);
  await watchAnswer(watched, 'reading', Promise.resolve());
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(inquiries).toEqual([]);

  const answer = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const inquire: WatchedSession['inquire'] = inquiry => {
    inquiries.push(inquiry);
    asked.resolve();
    return new Promise(() => {});
  };
  const watching = watchAnswer({ ...watched, inquire }, 'reading', answer.promise);
  await setImmediate();
  await vi.advanceTimersByTimeAsync(15_000);
  await asked.promise;
  answer.resolve();
  await watching;
  for (let i = 0; i < 10; i++) {
    await setImmediate();
    await vi.advanceTimersByTimeAsync(15_000);
  }
  expect(inquiries).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
