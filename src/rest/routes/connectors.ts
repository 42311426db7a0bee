import type { FastifyInstance } from 'fastify';
import type { TargetState } from '../../../workflows/shared/messages.ts';
import type { Control } from '../../temporal/control.ts';
import { bodyOf, createBody } from '../body.ts';
import { badRequest, isNotFound, notFoundAs } from '../errors.ts';
import { checkName, existingName, missing } from '../names.ts';
import { locationOf, queryTexts, resource } from '../resource.ts';
import { namedConfig } from './connector-config.ts';
import { initialOffsets } from './offsets.ts';

/** How many connectors are asked at once for `?expand`. */
const MAX_CONCURRENT_READS = 16;

/** /connectors and /connectors/{connector}. kafka: rejects with KAFKA_UNAVAILABLE where it is down. */
export function connectorResources(app: FastifyInstance, control: Control, kafka: () => Promise<unknown>): void {
  resource(app, '/connectors', {
    async GET(request) {
      const expand = queryTexts(request, 'expand');
      return expand === undefined ? control.list() : expandConnectors(control, expand);
    },
    async POST(request, reply) {
      const body = bodyOf(request, createBody);
      const name = (body.name ?? '').trim();
      const config = namedConfig(name, body.config);
      checkName(name);
      const state = targetState(body.initial_state);
      const offsets = initialOffsets(request);
      await kafka();
      const info = await control.create(name, config, state, offsets);
      return reply.code(201).header('location', locationOf(request, name)).send(info);
    },
  });

  resource(app, '/connectors/:connector', {
    async GET(request) {
      const name = existingName(request, missing.connector);
      return control.info(name).catch(notFoundAs(missing.connector(name)));
    },
    async DELETE(request, reply) {
      const name = existingName(request, missing.connector);
      await control.delete(name).catch(notFoundAs(missing.connector(name)));
      return reply.code(204).send();
    },
  });
}

const states = ['RUNNING', 'PAUSED', 'STOPPED'] as const satisfies readonly TargetState[];

function targetState(text: string | null | undefined): TargetState | undefined {
  if (text === null || text === undefined) return undefined;
  const state = states.find(one => one === text.toUpperCase());
  if (state === undefined) throw badRequest(`initial_state must be one of ${states.join(', ')}.`);
  return state;
}

/** Connectors by name with the parts asked for; parts that do not exist are left out, as Connect does. */
async function expandConnectors(control: Control, parts: readonly string[]): Promise<Record<string, unknown>> {
  const names = await control.list();
  const found = new Map<string, unknown>();
  const next = names[Symbol.iterator]();
  const work = async () => {
    for (const name of { [Symbol.iterator]: () => next }) {
      try {
        const [status, info] = await Promise.all([
          parts.includes('status') ? control.status(name) : undefined,
          parts.includes('info') ? control.info(name) : undefined,
        ]);
        found.set(name, { ...(status && { status }), ...(info && { info }) });
      } catch (error) {
        // Deleted since the list was made.
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_READS }, work));
  return Object.fromEntries(names.filter(name => found.has(name)).map(name => [name, found.get(name)]));
}
