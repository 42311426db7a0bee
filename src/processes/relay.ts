import type { Worker } from 'node:cluster';
import type { ToChild, ToParent } from './messages.ts';

/** How long one process may take to tell its metrics before the others' go out without them. */
const METRICS_TIMEOUT_MS = 2000;

/** Answers what one child asks with what all of them say, and tells the others of a level that one has set. */
export function relay(children: () => readonly Worker[]): (from: Worker, message: ToParent) => void {
  let last = 0;
  return (from, message) => {
    if (message.say === 'level') for (const child of children()) if (child !== from) send(child, message);
    if (message.say === 'ask') {
      const id = ++last;
      Promise.all(children().map(child => metricsOf(child, id))).then(answers =>
        send(from, { say: 'all', id: message.id, texts: answers.filter(text => text !== undefined) }),
      );
    }
  };
}

/** undefined where it says nothing in time, or ends. Never rejects. */
function metricsOf(child: Worker, id: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const done = (text?: string) => {
      clearTimeout(timer);
      child.off('message', hear).off('exit', gone);
      resolve(text);
    };
    const hear = (message: ToParent) => {
      if (message.say === 'own' && message.id === id) done(message.text);
    };
    const gone = () => done();
    const timer = setTimeout(gone, METRICS_TIMEOUT_MS);
    child.on('message', hear).on('exit', gone);
    send(child, { say: 'figures', id });
  });
}

/** To one that is just ending it is told in vain. */
function send(child: Worker, message: ToChild): void {
  if (child.isConnected()) child.send(message, () => undefined);
}
