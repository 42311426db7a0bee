import type { FastifyRequest } from 'fastify';
import { MillraceError } from '../errors.ts';
import { configInvalid } from './errors.ts';

/**
 * Names stand in workflow ids, which databases of Temporal bound at 255 characters, together with the cluster's name.
 */
const MAX_BYTES = 200;

/** What is wrong with a connector's name, in the words of Connect's validation where it has them. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'String may not be empty';
  if (!name.isWellFormed()) return 'String may not contain half a surrogate pair';
  const control = [...name].map(char => char.codePointAt(0) ?? 0).filter(isControl);
  if (control.length > 0)
    return `String may not contain control sequences but had the following ASCII chars: ${control.join(', ')}`;
  if (/[/\\]/.test(name)) return 'String may not contain / or \\, which no URL can carry in a name';
  if (name === '.' || name === '..') return 'String may not be a path of its own in a URL';
  if (Buffer.byteLength(name) > MAX_BYTES) return `String may not be longer than ${MAX_BYTES} bytes`;
  return undefined;
}

/** Throws CONFIG_INVALID for a name that no connector may have. */
export function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw configInvalid([`Invalid value ${name} for configuration name: ${problem}`]);
}

/** The connector's name in the path of a request, whatever it is. */
export const nameOf = (request: FastifyRequest): string => (request.params as { connector: string }).connector;

/** The same, where a connector must exist: a name that none can have is not asked for. `message`: see `notFoundAs`. */
export function existingName(request: FastifyRequest, message: (name: string) => string): string {
  const name = nameOf(request);
  if (nameProblem(name) !== undefined) throw new MillraceError('NOT_FOUND', message(name));
  return name;
}

/** Connect's wordings for a connector that is not there: each at its place. */
export const missing = {
  connector: (name: string) => `Connector ${name} not found`,
  status: (name: string) => `No status found for connector ${name}`,
  target: (name: string) => `Unknown connector ${name}`,
  restart: (name: string) => `Unknown connector: ${name}`,
  task: (name: string, task: string) => `Unknown task: ${name}-${task}`,
  taskStatus: (name: string, task: string) => `No status found for task ${name}-${task}`,
} as const;

/** Java's isISOControl. */
const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);
