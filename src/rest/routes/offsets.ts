import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JsonValue, OffsetEntry } from '../../../workflows/shared/messages.ts';
import type { Control } from '../../temporal/control/control.ts';
import { jsonOf } from '../body.ts';
import type { RestDeps } from '../deps.ts';
import { badRequest, withNotFoundMessage } from '../errors.ts';
import { existingName, missing } from '../names.ts';
import { resource } from '../resource.ts';

const jsonObject = z.record(z.string(), z.custom<JsonValue>(), { error: 'must be an object' });

/** Absent fields are null, like in Kafka Connect. */
const offsetEntry = z
  .strictObject(
    { partition: jsonObject.nullish(), offset: jsonObject.nullish() },
    {
      error: issue => (issue.code === 'invalid_type' ? 'must be an object with a partition and an offset' : undefined),
    },
  )
  .transform(({ partition = null, offset = null }): OffsetEntry => ({ partition, offset }));

const alterBody = z.strictObject(
  { offsets: z.array(offsetEntry, { error: 'must be an array of objects with a partition and an offset' }).nullish() },
  { error: issue => (issue.code === 'invalid_type' ? 'must be an object such as {"offsets": […]}' : undefined) },
);

/** /connectors/{connector}/offsets */
export function offsetsResource(app: FastifyInstance, control: Control, offsets: RestDeps['offsets']): void {
  resource(app, '/connectors/:connector/offsets', {
    async GET(request) {
      const name = existingName(request, missing.connector);
      const info = await control.info(name).catch(withNotFoundMessage(missing.connector(name)));
      return { offsets: await offsets(info) };
    },
    async PATCH(request) {
      const entries = parseOffsets(jsonOf(request));
      const name = existingName(request, missing.connector);
      const { byConnector } = await control
        .alterOffsets(name, entries)
        .catch(withNotFoundMessage(missing.connector(name)));
      return {
        message: byConnector
          ? 'The offsets for this connector have been altered successfully'
          : 'The Connect framework-managed offsets for this connector have been altered successfully. However, if this ' +
            'connector manages offsets externally, they will need to be manually altered in the system that the connector uses.',
      };
    },
    async DELETE(request) {
      const name = existingName(request, missing.connector);
      const { byConnector } = await control
        .alterOffsets(name, null)
        .catch(withNotFoundMessage(missing.connector(name)));
      return {
        message: byConnector
          ? 'The offsets for this connector have been reset successfully'
          : 'The Connect framework-managed offsets for this connector have been reset successfully. However, if this ' +
            'connector manages offsets externally, they will need to be manually reset in the system that the connector uses.',
      };
    },
  });
}

/** `initial_offsets` of a request that creates a connector; undefined if absent. BAD_REQUEST. */
export function initialOffsets(request: FastifyRequest): readonly OffsetEntry[] | undefined {
  const { initial_offsets: offsets } = jsonOf(request) as { initial_offsets?: unknown };
  return offsets === undefined || offsets === null ? undefined : parseOffsets({ offsets });
}

/** Parses the offsets of a request. BAD_REQUEST. */
function parseOffsets(body: unknown): readonly OffsetEntry[] {
  if (body === undefined) throw badRequest('The request body is empty: send {"offsets": […]}.');
  const result = alterBody.safeParse(body);
  if (!result.success) throw badRequest(result.error.issues.map(issueMessage).join(' '));
  const offsets = result.data.offsets ?? [];
  if (offsets.length === 0) throw badRequest('Partitions / offsets need to be provided for an alter offsets request');
  return offsets;
}

function issueMessage(issue: z.core.$ZodIssue): string {
  const [first, ...rest] = issue.path.map(String);
  const subject = first === undefined ? 'The request body' : `${first}${rest.map(key => `[${key}]`).join('')}`;
  return issue.code === 'unrecognized_keys'
    ? `${subject} has unknown fields: ${issue.keys.map(key => JSON.stringify(key)).join(', ')}.`
    : `${subject} ${issue.message}.`;
}
