import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import type { HostChannel } from '../../src/data-plane/channel.ts';
import type { FromHost } from '../../src/data-plane/messages.ts';
import { TaskHost } from '../../src/data-plane/task-host.ts';
import { threadTimes } from '../../src/data-plane/thread-times.ts';

const settings = { properties: {}, configFiles: [], levels: [] };
afterEach(() => void vi.useRealTimers());

/** A host whose thread is `thread`, and which says nothing more. */
function silentHost(thread: string): TaskHost {
  const receivers: ((message: FromHost) => void)[] = [];
  const channel: HostChannel = {
    post: () => undefined,
    onMessage: receive => void receivers.push(receive),
    onExit: () => undefined,
    blockedRequest: async () => ({ id: 2, stack: ['loop a/b.js:1'] }),
    terminate: () => undefined,
  };
  const host = new TaskHost(channel, settings, 4000);
  for (const receive of receivers) receive({ type: 'started', thread });
  return host;
}

/** A process whose only thread runs `code`. */
async function program(code: string, isRunnable: boolean) {
  const child = spawn('bash', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const thread = `${child.pid}/task/${child.pid}`;
  await vi.waitUntil(() => threadTimes(thread)?.isRunnable === isRunnable);
  return { thread, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

/** The errors of two requests. */
const lostCalls = (host: TaskHost): Promise<unknown[]> =>
  Promise.all([1, 2].map(() => host.call('planTasks', [], {}).catch((error: unknown) => error)));

test('a host without CPU is ended after a minute, and none of its requests is suspected', async () => {
  // It is runnable all the time, and gets next to no CPU in the minute of a clock that is moved by hand.
  using runnable = await program('echo; while :; do :; done', true);
  vi.useFakeTimers();
  const host = silentHost(runnable.thread);
  const lost = lostCalls(host);
  await vi.advanceTimersByTimeAsync(59_500);
  expect(host.alive).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  const error = { message: 'it got no CPU for 60 s', isSuspect: false, suspicion: { kind: 'starved', stack: [] } };
  expect(await lost).toMatchObject([error, error]);
  expect(host.alive).toBe(false);
});

test('a host that does not answer and waits for no CPU is ended, and the request that blocks it is named', async () => {
  using waiting = await program('echo; read', false);
  vi.useFakeTimers();
  const host = silentHost(waiting.thread);
  const lost = lostCalls(host);
  await vi.advanceTimersByTimeAsync(4000);
  expect(await lost).toMatchObject([
    { isSuspect: false, suspicion: { kind: 'none' } },
    { message: 'its event loop was blocked for 4 s', isSuspect: true, suspicion: { stack: ['loop a/b.js:1'] } },
  ]);
});
