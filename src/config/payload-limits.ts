/**
 * Payloads of workflows stay below this many bytes. Temporal takes 2 MiB, but keeps each for days, and a worker reads the
 * whole history of a workflow when it takes it over.
 */
export const PAYLOAD_BYTES = 64 * 1024;

/**
 * What of a connector may stand in the history of its workflow, in bytes of JSON: in payloads below that, where
 * a task is given the connector's configuration with what is its own.
 */
export const ROOM = {
  /** A configuration that somebody gives by Temporal; one by REST is made to fit into `config`. */
  given: 50_000,
  config: 44_000,
  /** What of a task's configuration is its own. */
  task: 10_000,
  /** And of those of all tasks together. */
  plan: 60_000,
  /** Positions that are set: beside a configuration. */
  offsets: 8_000,
  /** Configurations of all tasks that are started at the same time. */
  tasks: 1_000_000,
} as const;

/** Key of a configuration at which the short values stand that are too many, as JSON. */
export const MANY = 'millrace.config.many';

export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The keys of the longest values, as few as have to go so that the rest has `most` bytes with `instead` bytes each in their place. */
export function longestKeys(config: Readonly<Record<string, string>>, most: number): string[] {
  const keys = Object.entries(config)
    .map(([key, value]) => ({ key, bytes: bytesOf(value) }))
    .sort((a, b) => b.bytes - a.bytes);
  let left = bytesOf(config);
  const gone: string[] = [];
  for (const { key, bytes } of keys) {
    if (left <= most || bytes <= PLACEHOLDER_BYTES) break;
    gone.push(key);
    left -= bytes - PLACEHOLDER_BYTES;
  }
  return gone;
}

/** `"${secret:<uuid>}"` */
const PLACEHOLDER_BYTES = 48;
