import type { FastifyRequest } from 'fastify';
import { nameProblem } from '../config/connector-config/connector-name.ts';
import { MillraceError } from '../errors.ts';
import { configInvalid } from './errors.ts';

/** Throws CONFIG_INVALID for an invalid connector name. */
export function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw configInvalid([`Invalid value ${name} for configuration name: ${problem}`]);
}

/** The connector's name in the path of a request, not validated. */
export const nameOf = (request: FastifyRequest): string => (request.params as { connector: string }).connector;

/** The name of an existing connector. NOT_FOUND for an invalid name; `message`: see `withNotFoundMessage`. */
export function existingName(request: FastifyRequest, message: (name: string) => string): string {
  const name = nameOf(request);
  if (nameProblem(name) !== undefined) throw new MillraceError('NOT_FOUND', message(name));
  return name;
}

/** Kafka Connect's messages for unknown connectors and tasks, which depend on the resource. */
export const missing = {
  connector: (name: string) => `Connector ${name} not found`,
  status: (name: string) => `No status found for connector ${name}`,
  target: (name: string) => `Unknown connector ${name}`,
  restart: (name: string) => `Unknown connector: ${name}`,
  task: (name: string, task: string) => `Unknown task: ${name}-${task}`,
  taskStatus: (name: string, task: string) => `No status found for task ${name}-${task}`,
} as const;
