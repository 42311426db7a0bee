import type { Carried, Fences, TaskStatus } from '../shared/messages.ts';

/** Bytes of JSON in a piece of what is carried over. */
const PIECE_BYTES = 48_000;
/** Characters of all traces together, and of one. */
const TRACES = 200_000;
export const TRACE = 8000;

/** What a connector carries over when its workflow continues as new, in pieces. */
export function pieces({ tasks, trace, topics = [], kept = [], config, unfenced, fences = {} }: Carried): Carried[] {
  return [
    ...(unfenced === undefined ? [] : [{ unfenced }]),
    ...grouped(Object.entries(fences)).map(some => ({ fences: Object.fromEntries(some) })),
    ...(tasks === undefined ? [] : [{ tasks: [] }]),
    ...(trace === undefined ? [] : [{ trace }]),
    ...(config === undefined ? [] : [{ config }]),
    ...grouped(withShortTraces(tasks ?? [])).map(some => ({ tasks: some })),
    ...grouped(topics).map(some => ({ topics: some })),
    ...grouped(kept).map(some => ({ kept: some })),
  ];
}

/** Tasks whose traces are not too much together. */
export function withShortTraces(tasks: readonly TaskStatus[]): TaskStatus[] {
  const failed = tasks.filter(task => task.trace !== undefined).length;
  const most = Math.min(TRACE, Math.floor(TRACES / Math.max(1, failed)));
  return tasks.map(task => (task.trace === undefined ? task : { ...task, trace: shortened(task.trace, most) }));
}

/** The pieces together again. */
export function together(carried: readonly Carried[]): Carried {
  const trace = carried.find(piece => piece.trace !== undefined)?.trace;
  const config = carried.find(piece => piece.config !== undefined)?.config;
  const unfenced = carried.find(piece => piece.unfenced !== undefined)?.unfenced;
  return {
    ...(config === undefined ? {} : { config }),
    ...(unfenced === undefined ? {} : { unfenced }),
    fences: Object.assign({}, ...carried.map(piece => piece.fences ?? {})) as Fences,
    ...(carried.some(piece => piece.tasks !== undefined) ? { tasks: carried.flatMap(piece => piece.tasks ?? []) } : {}),
    ...(trace === undefined ? {} : { trace }),
    topics: carried.flatMap(piece => piece.topics ?? []),
    kept: carried.flatMap(piece => piece.kept ?? []),
  };
}

/** A trace of so many characters at the most, marked where it is cut. */
export const shortened = (trace: string, most: number): string =>
  trace.length <= most ? trace : `${trace.slice(0, most - 2).toWellFormed()} …`;

function grouped<T>(items: readonly T[]): T[][] {
  const groups: T[][] = [];
  let bytes = PIECE_BYTES;
  for (const item of items) {
    const own = new TextEncoder().encode(JSON.stringify(item)).length + 1;
    if (bytes + own > PIECE_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(item);
    bytes += own;
  }
  return groups;
}
