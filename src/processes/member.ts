import { type LevelSet, processVariable, type ToChild, type ToParent } from './messages.ts';
import { mergeMetrics } from './metrics-text.ts';

/** This process as one of several that make up a worker. */
export interface Member {
  /** Counted from 1. */
  readonly number: number;
  /** Tells the parent that this process serves. */
  started(): void;
  /** The metrics of all processes, in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Tells the other processes of a level that was set here. */
  levelSet(level: Omit<LevelSet, 'say'>): void;
}

export interface MemberDeps {
  /** The metrics of this process; their series carry a label that no other process's have. */
  metrics(): Promise<string>;
  /** A level was set in another process. */
  setLevel(level: Omit<LevelSet, 'say'>): void;
}

/** Which of a worker's processes this is; undefined where it is a worker by itself. */
export function processNumber(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = environment[processVariable];
  return text === undefined || process.send === undefined ? undefined : Number(text);
}

/** Longer than the parent waits for any of the others. */
const METRICS_TIMEOUT_MS = 5000;

/** Takes part in the talk of a worker's processes. */
export function joinProcesses(number: number, deps: MemberDeps): Member {
  const waiting = new Map<number, (texts: readonly string[]) => void>();
  let last = 0;
  const say = (message: ToParent) => void process.send?.(message, undefined, {}, () => undefined);
  process.on('message', (message: ToChild) => {
    if (message.say === 'level') deps.setLevel(message);
    if (message.say === 'all') waiting.get(message.id)?.(message.texts);
    if (message.say === 'figures') deps.metrics().then(text => say({ say: 'own', id: message.id, text }));
  });
  return {
    number,
    started: () => say({ say: 'started' }),
    levelSet: level => say({ say: 'level', ...level }),
    async metrics() {
      const id = ++last;
      const { promise, resolve } = Promise.withResolvers<readonly string[] | undefined>();
      const timer = setTimeout(resolve, METRICS_TIMEOUT_MS, undefined);
      waiting.set(id, resolve);
      say({ say: 'ask', id });
      const texts = await promise;
      clearTimeout(timer);
      waiting.delete(id);
      return mergeMetrics(texts ?? [await deps.metrics()]);
    },
  };
}
