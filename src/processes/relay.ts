import type { Worker } from 'node:cluster';
import type { ToChild, ToParent } from './messages.ts';

/** Timeout in milliseconds for the metrics of one process, after which they are omitted. */
const METRICS_TIMEOUT_MS = 2000;

/** Collects metrics from all children for one of them, and forwards log levels to the other children. */
export function relay(children: () => readonly Worker[]): (from: Worker, message: ToParent) => void {
  let last = 0;
  return (from, message) => {
    if (message.type === 'level') for (const child of children()) if (child !== from) send(child, message);
    if (message.type === 'collectMetrics') {
      const id = ++last;
      Promise.all(children().map(child => metricsOf(child, id))).then(answers =>
        send(from, { type: 'allMetrics', id: message.id, texts: answers.filter(text => text !== undefined) }),
      );
    }
  };
}

/** Returns undefined if the process does not answer in time, or ends. Never rejects. */
function metricsOf(child: Worker, id: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const done = (text?: string) => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      resolve(text);
    };
    const onMessage = (message: ToParent) => {
      if (message.type === 'ownMetrics' && message.id === id) done(message.text);
    };
    const onExit = () => done();
    const timer = setTimeout(onExit, METRICS_TIMEOUT_MS);
    child.on('message', onMessage).on('exit', onExit);
    send(child, { type: 'requestMetrics', id });
  });
}

/** Messages to a process that is exiting are dropped. */
function send(child: Worker, message: ToChild): void {
  if (child.isConnected()) child.send(message, () => undefined);
}
