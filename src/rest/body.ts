import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseJsonTexts } from '../config/connector-config/json-texts.ts';
import { messageOf } from '../errors.ts';
import { badRequest } from './errors.ts';

/**
 * JSON as Connect's Jackson reads it into texts: a number keeps the digits that it was sent with (`1.50`, `1e3`,
 * 12345678901234567890). undefined: there is no body.
 */
function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    // Takes a byte order mark away, too.
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

const raw = new WeakMap<FastifyRequest, Buffer>();

/** Reads a request's body, which `bodyOf` and `jsonOf` then give. */
export function readBody(request: FastifyRequest, bytes: Buffer): unknown {
  raw.set(request, bytes);
  return parseBody(bytes);
}

/** The body as any JSON parser reads it, numbers as numbers. undefined: there is none. */
export const jsonOf = (request: FastifyRequest): unknown =>
  request.body === undefined ? undefined : JSON.parse(new TextDecoder().decode(raw.get(request)));

/** A scalar as text; numbers are text by now. */
const scalar = z.union([z.string(), z.boolean().transform(String)], {
  error: 'must be a text, a number, true or false',
});

/** A connector's configuration: null stands for a key without a value. */
export const configBody = z.record(
  z.string(),
  z.union([scalar, z.null()], { error: 'must be a text, a number, true or false' }),
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

/** The body of a request in the shape that its resource takes; BAD_REQUEST with a sentence otherwise. */
export function bodyOf<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  if (request.body === undefined) throw badRequest('The request body is empty: send JSON.');
  const read = schema.safeParse(request.body);
  if (read.success) return read.data;
  throw badRequest(read.error.issues.map(issueMessage).join(' '));
}

function issueMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `Unrecognized field ${issue.keys.map(key => JSON.stringify(key)).join(', ')}: the known ones are name, config, initial_state and initial_offsets.`;
  const [first, ...rest] = issue.path.map(String);
  const what =
    first === undefined ? 'The request body' : `${first}${rest.map(key => `[${JSON.stringify(key)}]`).join('')}`;
  return `${what} ${issue.message}.`;
}
