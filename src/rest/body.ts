import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseJsonTexts } from '../config/connector-config/json-texts.ts';
import { messageOf } from '../errors.ts';
import { badRequest } from './errors.ts';

/**
 * Parses JSON like Kafka Connect's Jackson reads it into strings: a number keeps its digits (`1.50`, `1e3`,
 * 12345678901234567890). Returns undefined for an empty body.
 */
function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    // Also removes a byte order mark.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('The request body is not UTF-8.');
  }
  if (text.trim() === '') return undefined;
  try {
    return parseJsonTexts(text);
  } catch (error) {
    throw badRequest(`The request body is ${messageOf(error)}: send an object such as {"name": "…", "config": {…}}.`);
  }
}

const rawBodies = new WeakMap<FastifyRequest, Buffer>();

/** Parses a request's body for `bodyOf` and `jsonOf`. */
export function readBody(request: FastifyRequest, bytes: Buffer): unknown {
  rawBodies.set(request, bytes);
  return parseBody(bytes);
}

/** The body as standard JSON, with numbers as numbers. undefined: no body. */
export const jsonOf = (request: FastifyRequest): unknown =>
  request.body === undefined ? undefined : JSON.parse(new TextDecoder().decode(rawBodies.get(request)));

/** A scalar, converted to a string. Numbers are strings already. */
const scalar = z.union([z.string(), z.boolean().transform(String)], {
  error: 'must be a string, a number or a boolean',
});

/** A connector's configuration. null: a key without a value. */
export const configBody = z.record(
  z.string(),
  z.union([scalar, z.null()], { error: 'must be a string, a number or a boolean' }),
  {
    error: 'must be an object of configuration names and values',
  },
);

export const createBody = z.strictObject(
  {
    name: scalar.nullish(),
    config: configBody,
    initial_state: scalar.nullish(),
    /** Read as JSON: see `offsets.ts`. */
    initial_offsets: z.unknown().optional(),
  },
  { error: issue => (issue.code === 'invalid_type' ? 'must be an object with the fields name and config' : undefined) },
);

export const levelBody = z.record(z.string(), z.union([scalar, z.null()]), {
  error: 'must be an object such as {"level": "DEBUG"}',
});

/** Returns the body of a request, validated by the schema. BAD_REQUEST. */
export function bodyOf<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  if (request.body === undefined) throw badRequest('The request body is empty: send JSON.');
  const result = schema.safeParse(request.body);
  if (result.success) return result.data;
  throw badRequest(result.error.issues.map(issueMessage).join(' '));
}

function issueMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `Unrecognized field ${issue.keys.map(key => JSON.stringify(key)).join(', ')}: known fields are name, config, initial_state and initial_offsets.`;
  const [first, ...rest] = issue.path.map(String);
  const subject =
    first === undefined ? 'The request body' : `${first}${rest.map(key => `[${JSON.stringify(key)}]`).join('')}`;
  return `${subject} ${issue.message}.`;
}
