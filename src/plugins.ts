import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorEntry } from '../connectors/index.ts';
import { connectors as ownConnectors } from '../connectors/index.ts';
import type { ConfigSpec } from './api/index.ts';
import type { Named } from './config/class-names.ts';
import { findConnector as findConnectorIn, findNamed } from './config/class-names.ts';
import type { KeyDefinition } from './config/findings.ts';
import { keyDefinition } from './config/findings.ts';
import type { ComponentConfig, ComponentLookup } from './config/validate.ts';
import { converters } from './converters/index.ts';
import { MillraceError } from './errors.ts';
import { packageFolder } from './package-folder.ts';
import { predicates } from './predicates/index.ts';
import { transforms } from './transforms/index.ts';

export type PluginKind = 'source' | 'sink' | 'converter' | 'header_converter' | 'transformation' | 'predicate';

export interface PluginInfo {
  readonly class: string;
  readonly type: PluginKind;
  readonly version: string;
}

/** Every component that a configuration may name, by class name or alias. */
export interface PluginRegistry extends ComponentLookup {
  findConnector(name: string): ConnectorEntry | undefined;
  /** As GET /connector-plugins lists them. */
  list(connectorsOnly: boolean): readonly PluginInfo[];
  /** The keys of any plugin, as GET /connector-plugins/{plugin}/config tells them. NOT_FOUND. */
  keys(name: string): Promise<readonly KeyDefinition[]>;
}

interface Loadable extends Named {
  load(): Promise<{ readonly config: ConfigSpec<unknown> }>;
}

export function pluginRegistry(connectors: readonly ConnectorEntry[] = ownConnectors): PluginRegistry {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  const dataConverters = converters.filter(entry => entry.headersOnly !== true);
  const classes = (entries: readonly Named[]) => entries.map(({ names }) => names[0]);

  const findConnector = (name: string) => findConnectorIn(connectors, name);

  const find = (entries: readonly Loadable[], suffix: string) => async (name: string) => {
    const entry = findNamed(entries, name, suffix);
    return entry && ({ className: entry.names[0], config: (await entry.load()).config } satisfies ComponentConfig);
  };
  const transform = find(transforms, 'Transformation');
  const predicate = find(predicates, 'Predicate');
  const anyConverter = find(converters, 'Converter');
  const dataConverter = find(dataConverters, 'Converter');

  return {
    version,
    classes: {
      transforms: classes(transforms),
      predicates: classes(predicates),
      converters: classes(dataConverters),
      headerConverters: classes(converters),
    },
    findConnector,
    transform,
    predicate,
    converter: (name, headers) => (headers ? anyConverter : dataConverter)(name),

    list(connectorsOnly) {
      const info = (type: PluginKind) => (name: string) => ({ class: name, type, version });
      const own = connectors.map(({ className, kind }) => info(kind)(className));
      if (connectorsOnly) return own;
      return [
        ...own,
        ...classes(transforms).map(info('transformation')),
        ...classes(predicates).map(info('predicate')),
        ...classes(dataConverters).map(info('converter')),
        ...classes(converters).map(info('header_converter')),
      ];
    },

    async keys(name) {
      const connector = await findConnector(name)?.load();
      const spec = connector ?? (await transform(name)) ?? (await predicate(name)) ?? (await anyConverter(name));
      if (spec === undefined) throw new MillraceError('NOT_FOUND', `Unknown plugin ${name}.`);
      return spec.config.keys.map(keyDefinition);
    },
  };
}
