import { type ChildProcess, fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { type BlockedRequest, blockedRequest } from './blocked-request.ts';
import type { FromHost, ToHost } from './messages.ts';

/** The main thread's end of the channel to a host. */
export interface HostChannel {
  post(message: ToHost): void;
  onMessage(receive: (message: FromHost) => void): void;
  /** Called once, when the host has ended, whatever ended it. */
  onExit(ended: (reason: string) => void): void;
  /** What the host's thread is doing while it does not answer; undefined where that cannot be found out. */
  blockedRequest(): Promise<BlockedRequest | undefined>;
  /** Ends the host, also in the middle of a computation. */
  terminate(): void;
}

/** Megabytes of the young generation: as bin/millrace sets it for the main thread. */
const YOUNG_GENERATION_MB = 48;

/** A host in a worker thread of this process. */
export function threadChannel(entry: URL): HostChannel {
  const thread = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } });
  let reason = 'it exited';
  thread.on('error', (error: Error) => {
    reason = error.message;
  });
  return {
    post: message => thread.postMessage(message),
    onMessage: receive => void thread.on('message', receive),
    onExit: ended => void thread.once('exit', () => ended(reason)),
    blockedRequest: () => blockedRequest(thread.threadId),
    terminate: () => void thread.terminate(),
  };
}

/** A host in a process of its own: what kills it kills nothing else. */
export function processChannel(entry: URL): HostChannel {
  const child: ChildProcess = fork(entry, [String(process.pid)], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let reason: string | undefined;
  child.on('error', error => {
    reason ??= error.message;
  });
  return {
    post: message => {
      if (child.connected) child.send(message, () => undefined);
    },
    onMessage: receive => void child.on('message', receive),
    onExit: ended =>
      void child.once('exit', (code, signal) => ended(reason ?? `its process ended with ${signal ?? `code ${code}`}`)),
    blockedRequest: async () => undefined,
    terminate: () => void child.kill('SIGKILL'),
  };
}
