import { isMainThread, Worker } from 'node:worker_threads';

/** A thread of its own, so that it also runs while code of this process blocks the event loop. */
const watch = `
const { workerData: parent } = require('node:worker_threads');
const check = () => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
};
check();
setInterval(check, 500);
`;

/** Ends this process when its parent, whose process id is its first argument, has ended. A thread ends with its process. */
export function exitWithParent(): void {
  if (!isMainThread) return;
  new Worker(watch, { eval: true, workerData: Number(process.argv[2]) }).unref();
}
