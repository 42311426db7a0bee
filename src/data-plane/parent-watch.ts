import { isMainThread, Worker } from 'node:worker_threads';

/** A thread of its own, so that it also runs while code of this process blocks the event loop. */
const watch = `
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500);
`;

/** Ends this process when its parent has ended. A worker thread ends with its process anyway. */
export function exitWithParent(): void {
  if (isMainThread) new Worker(watch, { eval: true }).unref();
}
