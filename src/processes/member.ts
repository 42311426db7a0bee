import { type LevelMessage, processVariable, type ToChild, type ToParent } from './messages.ts';
import { mergeMetrics } from './metrics-text.ts';

/** This process as one of several processes of a worker. */
export interface Member {
  /** Number of the process, from 1. */
  readonly number: number;
  /** Reports to the parent that this process has started. */
  reportStarted(): void;
  /** The metrics of all processes, in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Sends a log level that was set here to the other processes. */
  setLevelElsewhere(level: Omit<LevelMessage, 'type'>): void;
}

export interface MemberDeps {
  /** The metrics of this process, with a label that distinguishes them from those of other processes. */
  metrics(): Promise<string>;
  /** Called for a log level that was set in another process. */
  setLevel(level: Omit<LevelMessage, 'type'>): void;
}

/** Number of this process; undefined for a worker with a single process. */
export function processNumber(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = environment[processVariable];
  return text === undefined || process.send === undefined ? undefined : Number(text);
}

/** Timeout in milliseconds, longer than the parent's timeout for each process. */
const METRICS_TIMEOUT_MS = 5000;

/** Connects this process to the other processes of the worker. */
export function joinProcesses(number: number, deps: MemberDeps): Member {
  const waiting = new Map<number, (texts: readonly string[]) => void>();
  let last = 0;
  const send = (message: ToParent) => void process.send?.(message, undefined, {}, () => undefined);
  process.on('message', (message: ToChild) => {
    if (message.type === 'level') deps.setLevel(message);
    if (message.type === 'allMetrics') waiting.get(message.id)?.(message.texts);
    if (message.type === 'requestMetrics')
      deps.metrics().then(text => send({ type: 'ownMetrics', id: message.id, text }));
  });
  return {
    number,
    reportStarted: () => send({ type: 'started' }),
    setLevelElsewhere: level => send({ type: 'level', ...level }),
    async metrics() {
      const id = ++last;
      const { promise, resolve } = Promise.withResolvers<readonly string[] | undefined>();
      const timer = setTimeout(resolve, METRICS_TIMEOUT_MS, undefined);
      waiting.set(id, resolve);
      send({ type: 'collectMetrics', id });
      const texts = await promise;
      clearTimeout(timer);
      waiting.delete(id);
      return mergeMetrics(texts ?? [await deps.metrics()]);
    },
  };
}
