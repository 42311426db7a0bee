import { Session } from 'node:inspector';
import { CURRENT_REQUEST } from './current-request.ts';

export interface BlockedRequest {
  readonly id: number | undefined;
  /** Functions as `name (folder/file:line)`, innermost first. */
  readonly stack: readonly string[];
}

const TIMEOUT_MS = 2000;
const MAX_FRAMES = 6;

/** Fields of Chrome DevTools protocol messages that are used here. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly callFrames?: readonly CallFrame[]; readonly scriptId?: string; readonly url?: string };
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

interface CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number };
}

/**
 * Interrupts a busy thread through V8's inspector, without opening a port, and finds the request whose code it runs. The thread must
 * be terminated afterwards. undefined if it cannot be interrupted in time, for example in native code.
 */
export async function findBlockedRequest(threadId: number): Promise<BlockedRequest | undefined> {
  inspector ??= new ThreadInspector();
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(timeout.resolve, TIMEOUT_MS, undefined);
  try {
    return await Promise.race([inspector.interrupt(threadId), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Created on first use and shared, as Node.js attaches only the first session of a process to its threads. */
let inspector: ThreadInspector | undefined;

class ThreadInspector {
  readonly #session = new Session();
  /** Session ids by thread id. */
  readonly #sessions = new Map<number, string>();
  readonly #receivers = new Map<string, (message: Message) => void>();
  #lastId = 0;

  constructor() {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // `workerId` counts sessions; only the title names the thread: `[worker 3] name`.
      const [, threadId] = /^\[worker (\d+)\]/.exec(params.workerInfo.title) ?? [];
      if (threadId !== undefined) this.#sessions.set(Number(threadId), params.sessionId);
    });
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      for (const [thread, session] of this.#sessions) if (session === params.sessionId) this.#sessions.delete(thread);
    });
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) =>
      this.#receivers.get(params.sessionId)?.(JSON.parse(params.message) as Message),
    );
    // Attaches to existing threads before it returns, and to later ones when they start.
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  interrupt(threadId: number): Promise<BlockedRequest | undefined> {
    const sessionId = this.#sessions.get(threadId);
    if (sessionId === undefined) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<BlockedRequest>();
    let evaluation = 0;
    let stack: readonly string[] = [];
    const urls = new Map<string, string>();
    this.#receivers.set(sessionId, ({ id, method, params, result }) => {
      const frames = params?.callFrames;
      if (method === 'Debugger.scriptParsed') urls.set(params?.scriptId ?? '', params?.url ?? '');
      if (method === 'Debugger.paused' && frames !== undefined) {
        stack = frames.slice(0, MAX_FRAMES).map(frame => frameText(frame, urls));
        evaluation = this.#send(sessionId, 'Debugger.evaluateOnCallFrame', {
          callFrameId: frames[0]?.callFrameId,
          expression: `globalThis.${CURRENT_REQUEST}?.()`,
          returnByValue: true,
        });
      } else if (evaluation > 0 && id === evaluation) {
        const value = result?.result?.value;
        // A thread that is paused cannot be terminated.
        this.#send(sessionId, 'Debugger.resume');
        resolve({ id: typeof value === 'number' ? value : undefined, stack });
      }
    });
    this.#send(sessionId, 'Debugger.enable');
    this.#send(sessionId, 'Debugger.pause');
    return promise.finally(() => this.#receivers.delete(sessionId));
  }

  #send(sessionId: string, method: string, params: object = {}): number {
    const id = ++this.#lastId;
    this.#session.post('NodeWorker.sendMessageToWorker', {
      sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    return id;
  }
}

function frameText({ functionName, location }: CallFrame, urls: ReadonlyMap<string, string>): string {
  const file = (urls.get(location.scriptId) ?? '').split('/').slice(-2).join('/');
  return `${functionName || '(anonymous)'} (${file}:${location.lineNumber + 1})`;
}
