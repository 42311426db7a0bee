import type { FastifyInstance } from 'fastify';
import type { TargetState } from '../../../workflows/shared/messages.ts';
import type { Control } from '../../temporal/control/control.ts';
import { bodyOf, createBody } from '../body.ts';
import { badRequest, isNotFound, withNotFoundMessage } from '../errors.ts';
import { checkName, existingName, missing } from '../names.ts';
import { locationOf, queryTexts, resource } from '../resource.ts';
import { namedConfig } from './connector-config.ts';
import { initialOffsets } from './offsets.ts';

/** Connectors that `?expand` reads concurrently. */
const MAX_CONCURRENT_READS = 16;

/** /connectors and /connectors/{connector}. kafka: rejects with KAFKA_UNAVAILABLE if Kafka is down. */
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
      return control.info(name).catch(withNotFoundMessage(missing.connector(name)));
    },
    async DELETE(request, reply) {
      const name = existingName(request, missing.connector);
      await control.delete(name).catch(withNotFoundMessage(missing.connector(name)));
      return reply.code(204).send();
    },
  });
}

const states = ['RUNNING', 'PAUSED', 'STOPPED'] as const satisfies readonly TargetState[];

function targetState(text: string | null | undefined): TargetState | undefined {
  if (text === null || text === undefined) return undefined;
  const state = states.find(state => state === text.toUpperCase());
  if (state === undefined) throw badRequest(`initial_state must be one of ${states.join(', ')}.`);
  return state;
}

/** Connectors by name with the requested parts. Unknown parts are ignored, like in Kafka Connect. */
async function expandConnectors(control: Control, parts: readonly string[]): Promise<Record<string, unknown>> {
  const names = await control.list();
  const connectors = new Map<string, unknown>();
  const next = names[Symbol.iterator]();
  const work = async () => {
    for (const name of { [Symbol.iterator]: () => next }) {
      try {
        const [status, info] = await Promise.all([
          parts.includes('status') ? control.status(name) : undefined,
          parts.includes('info') ? control.info(name) : undefined,
        ]);
        connectors.set(name, { ...(status && { status }), ...(info && { info }) });
      } catch (error) {
        // Deleted after the list was read.
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_READS }, work));
  return Object.fromEntries(names.filter(name => connectors.has(name)).map(name => [name, connectors.get(name)]));
}
