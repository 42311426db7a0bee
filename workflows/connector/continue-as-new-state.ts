import type { ContinuedState, Fences, TaskStatus } from '../shared/messages.ts';
import { MAX_TRACE_CHARS, truncateTrace } from './trace.ts';

/** Bytes of JSON in a chunk, one payload of Temporal. */
const CHUNK_BYTES = 48_000;
/** Characters of all traces together. */
const ALL_TRACES_CHARS = 200_000;

/** Splits the state for continue-as-new into chunks of modest size. */
export function toChunks(state: ContinuedState): ContinuedState[] {
  const { tasks, trace, topics = [], kept = [], config, unfenced, fences = {} } = state;
  return [
    ...(unfenced === undefined ? [] : [{ unfenced }]),
    ...grouped(Object.entries(fences)).map(group => ({ fences: Object.fromEntries(group) })),
    ...(tasks === undefined ? [] : [{ tasks: [] }]),
    ...(trace === undefined ? [] : [{ trace }]),
    ...(config === undefined ? [] : [{ config }]),
    ...grouped(withShortTraces(tasks ?? [])).map(group => ({ tasks: group })),
    ...grouped(topics).map(group => ({ topics: group })),
    ...grouped(kept).map(group => ({ kept: group })),
  ];
}

/** Truncates the traces so that all together stay within the limit. */
export function withShortTraces(tasks: readonly TaskStatus[]): TaskStatus[] {
  const failed = tasks.filter(task => task.trace !== undefined).length;
  const maxChars = Math.min(MAX_TRACE_CHARS, Math.floor(ALL_TRACES_CHARS / Math.max(1, failed)));
  return tasks.map(task => (task.trace === undefined ? task : { ...task, trace: truncateTrace(task.trace, maxChars) }));
}

/** Joins the chunks of the previous run. */
export function fromChunks(chunks: readonly ContinuedState[]): ContinuedState {
  const trace = chunks.find(chunk => chunk.trace !== undefined)?.trace;
  const config = chunks.find(chunk => chunk.config !== undefined)?.config;
  const unfenced = chunks.find(chunk => chunk.unfenced !== undefined)?.unfenced;
  return {
    ...(config === undefined ? {} : { config }),
    ...(unfenced === undefined ? {} : { unfenced }),
    fences: Object.assign({}, ...chunks.map(chunk => chunk.fences ?? {})) as Fences,
    ...(chunks.some(chunk => chunk.tasks !== undefined) ? { tasks: chunks.flatMap(chunk => chunk.tasks ?? []) } : {}),
    ...(trace === undefined ? {} : { trace }),
    topics: chunks.flatMap(chunk => chunk.topics ?? []),
    kept: chunks.flatMap(chunk => chunk.kept ?? []),
  };
}

function grouped<T>(items: readonly T[]): T[][] {
  const groups: T[][] = [];
  let bytes = CHUNK_BYTES;
  for (const item of items) {
    const itemBytes = new TextEncoder().encode(JSON.stringify(item)).length + 1;
    if (bytes + itemBytes > CHUNK_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(item);
    bytes += itemBytes;
  }
  return groups;
}
