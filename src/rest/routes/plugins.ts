import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isVersionSpec } from '../../config/connector-config/plugin-version.ts';
import { bodyOf, configBody } from '../body.ts';
import type { Plugins } from '../deps.ts';
import { badRequest, withNotFoundMessage } from '../errors.ts';
import { queryFlag, queryText, resource } from '../resource.ts';

/** /connector-plugins */
export function pluginResources(app: FastifyInstance, plugins: Plugins): void {
  resource(app, '/connector-plugins', {
    async GET(request) {
      return plugins.list(queryFlag(request, 'connectorsOnly', true));
    },
  });

  resource(app, '/connector-plugins/:plugin/config', {
    async GET(request) {
      const plugin = pluginOf(request);
      const version = queryText(request, 'version');
      if (version !== undefined && !isVersionSpec(version))
        throw badRequest(`Invalid version specification: ${version}`);
      return plugins.keys(plugin, version).catch(withNotFoundMessage(`Unknown plugin ${plugin}.`));
    },
  });

  resource(app, '/connector-plugins/:plugin/config/validate', {
    async PUT(request) {
      const plugin = pluginOf(request);
      const config = bodyOf(request, configBody);
      const included = config['connector.class'];
      if (typeof included === 'string' && !alias(included).endsWith(alias(plugin)))
        throw badRequest(`Included connector type ${included} does not match request type ${plugin}`);
      return plugins.validate(plugin, config);
    },
  });
}

const pluginOf = (request: FastifyRequest): string => (request.params as { plugin: string }).plugin;

/** Class names may omit the suffix `Connector`. */
const alias = (name: string): string =>
  name.endsWith('Connector') && name.length > 'Connector'.length ? name.slice(0, -'Connector'.length) : name;
