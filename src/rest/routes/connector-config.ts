import type { FastifyInstance } from 'fastify';
import type { ConnectorConfig } from '../../../workflows/shared/messages.ts';
import type { Control } from '../../temporal/control/control.ts';
import { bodyOf, configBody } from '../body.ts';
import type { PatchedConfig } from '../deps.ts';
import { badRequest, configInvalid, withNotFoundMessage } from '../errors.ts';
import { checkName, existingName, missing, nameOf } from '../names.ts';
import { locationOf, resource } from '../resource.ts';

/** /connectors/{connector}/config. kafka: rejects with KAFKA_UNAVAILABLE if Kafka is down. */
export function configResource(app: FastifyInstance, control: Control, kafka: () => Promise<unknown>): void {
  resource(app, '/connectors/:connector/config', {
    async GET(request) {
      const name = existingName(request, missing.connector);
      return (await control.info(name).catch(withNotFoundMessage(missing.connector(name)))).config;
    },
    async PUT(request, reply) {
      const name = nameOf(request);
      const config = namedConfig(name, bodyOf(request, configBody));
      checkName(name);
      await kafka();
      const { info, created } = await control.configure(name, config);
      if (created) reply.code(201).header('location', locationOf(request, name));
      return reply.send(info);
    },
    /** Replaces the keys of the body; null removes a key. */
    async PATCH(request) {
      const name = existingName(request, missing.connector);
      await control.info(name).catch(withNotFoundMessage(missing.connector(name)));
      const patch = bodyOf(request, configBody);
      checkConfigName(name, patch);
      await kafka();
      return control.patch(name, patch);
    },
  });
}

/** Returns a configuration with the connector's name and a value for each key. BAD_REQUEST, CONFIG_INVALID. */
export function namedConfig(name: string, config: PatchedConfig): ConnectorConfig {
  checkConfigName(name, config);
  const complete: [string, string][] = [];
  const nulls: string[] = [];
  for (const [key, value] of Object.entries({ ...config, name })) {
    if (value === null) nulls.push('Null value can not be supplied as the configuration value.');
    else complete.push([key, value]);
  }
  if (nulls.length > 0) throw configInvalid(nulls);
  return Object.fromEntries(complete);
}

function checkConfigName(name: string, { name: configName }: PatchedConfig): void {
  if (configName !== undefined && configName !== null && configName !== name)
    throw badRequest(`Connector name configuration (${configName}) doesn't match connector name in the URL (${name})`);
}
