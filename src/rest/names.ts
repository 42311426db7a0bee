import type { FastifyRequest } from 'fastify';
import { nameProblem } from '../config/connector-config/connector-name.ts';
import { MillraceError } from '../errors.ts';
import { configInvalid } from './errors.ts';

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
