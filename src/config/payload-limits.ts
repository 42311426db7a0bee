/**
 * Limit of a payload in bytes. Temporal allows 2 MiB but retains each payload for days, and a worker reads the complete
 * history of a workflow before it continues the workflow.
 */
export const PAYLOAD_BYTES = 64 * 1024;

/**
 * Limits of a connector's data in the history of its workflow, in bytes of JSON. A payload that combines them, such as the
 * connector's configuration with that of a task, stays below `PAYLOAD_BYTES`.
 */
export const PAYLOAD_LIMITS = {
  /** A configuration that a Temporal client submits; large values of one submitted over REST are offloaded to fit `config`. */
  submitted: 50_000,
  config: 44_000,
  /** A task's configuration without the keys of the connector's configuration. */
  task: 10_000,
  /** Sum of `task` over all tasks. */
  plan: 60_000,
  /** Offsets in a request to alter them, which is in one payload with a configuration. */
  offsets: 8_000,
  /** Sum of the configurations of tasks that are started at the same time. */
  tasks: 1_000_000,
} as const;

/** Configuration key that holds a JSON object of short values, which are offloaded together because they are too many. */
export const OFFLOADED_SHORT_VALUES = 'millrace.config.many';

export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Returns the fewest keys, those of the longest values, whose replacement by placeholders reduces a configuration to `maxBytes`. */
export function longestKeys(config: Readonly<Record<string, string>>, maxBytes: number): string[] {
  const keys = Object.entries(config)
    .map(([key, value]) => ({ key, bytes: jsonBytes(value) }))
    .sort((a, b) => b.bytes - a.bytes);
  let remainingBytes = jsonBytes(config);
  const longest: string[] = [];
  for (const { key, bytes } of keys) {
    if (remainingBytes <= maxBytes || bytes <= PLACEHOLDER_BYTES) break;
    longest.push(key);
    remainingBytes -= bytes - PLACEHOLDER_BYTES;
  }
  return longest;
}

/** Length of `"${secret:<uuid>}"`, rounded up. */
const PLACEHOLDER_BYTES = 48;
