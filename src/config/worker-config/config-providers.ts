import { realpath } from 'node:fs/promises';
import { resolve as absolute, join, sep } from 'node:path';
import type { ConfigProvider, ConfigProviderFactory } from '../../api/index.ts';
import { MillraceError, messageOf } from '../../errors.ts';
import { findComponent, type NamedComponent } from '../connector-config/class-names.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import { defineConfig, listKey, stringKey } from '../spec.ts';
import { readConfigFile } from './config-file.ts';
import { parseProperties } from './properties.ts';

export interface ConfigProviderEntry extends NamedComponent {
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<ConfigProviderFactory<any>>;
}

/** Resolves symbolic links and checks that the path is in a folder of `allowed.paths`; without that setting, all paths are allowed, as in Connect. */
async function resolveAllowedPath(paths: readonly string[], path: string): Promise<string> {
  const real = await realPath(path);
  const pathConfig = await Promise.all(paths.filter(folder => folder !== '').map(realPath));
  const isWithin = (folder: string) => real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
  if (pathConfig.length > 0 && !pathConfig.some(isWithin))
    throw new MillraceError(
      'TASK_CONFIG',
      `The path ${path} is not among allowed.paths of its configuration provider.`,
    );
  return real;
}

/** Real path of a file; the absolute path if it does not exist, for which reading fails. */
const realPath = (path: string): Promise<string> => realpath(path).catch(() => absolute(path));

const unreadable = (path: string, error: unknown): MillraceError =>
  new MillraceError('TASK_CONFIG', `The file ${path} of a configuration provider cannot be read: ${messageOf(error)}`);

const pathConfig = defineConfig({
  'allowed.paths': listKey({ doc: 'Folders that files may be read from; without it, all folders.', default: [] }),
});

const fileProvider: ConfigProviderFactory<{ 'allowed.paths': readonly string[] }> = {
  config: pathConfig,
  create: ({ 'allowed.paths': paths }) => ({
    async get(path, keys) {
      const file = await resolveAllowedPath(paths, path);
      const all = await readProperties(file, path);
      return new Map(keys.flatMap(key => (Object.hasOwn(all, key) ? [[key, all[key] as string]] : [])));
    },
  }),
};

async function readProperties(file: string, path: string): Promise<Readonly<Record<string, string>>> {
  try {
    return parseProperties((await readConfigFile(file)).toString());
  } catch (error) {
    throw unreadable(path, error);
  }
}

const directoryProvider: ConfigProviderFactory<{ 'allowed.paths': readonly string[] }> = {
  config: pathConfig,
  create: ({ 'allowed.paths': paths }) => ({
    async get(path, keys) {
      const entries = keys.map(async (key): Promise<[string, string][]> => {
        const file = await resolveAllowedPath(paths, join(path, key));
        try {
          return [[key, (await readConfigFile(file)).toString()]];
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
          throw unreadable(file, error);
        }
      });
      return new Map((await Promise.all(entries)).flat());
    },
  }),
};

const environmentProvider: ConfigProviderFactory<{ 'allowlist.pattern': string }> = {
  config: defineConfig({
    'allowlist.pattern': stringKey({
      doc: 'A regular expression that the full name of a variable must match.',
      default: '.*',
      check: regexProblem,
    }),
  }),
  create({ 'allowlist.pattern': allowlist }) {
    const isAllowed = javaMatcher(allowlist, { setting: 'allowlist.pattern' });
    return {
      async get(_path, keys) {
        const variables = keys.filter(key => isAllowed(key) && Object.hasOwn(process.env, key));
        return new Map(variables.map(key => [key, process.env[key] as string]));
      },
    };
  },
};

const kafka = 'org.apache.kafka.common.config.provider';

/** All built-in configuration providers. */
export const configProviderEntries: readonly ConfigProviderEntry[] = [
  { names: [`${kafka}.DirectoryConfigProvider`], load: async () => directoryProvider },
  { names: [`${kafka}.EnvVarConfigProvider`], load: async () => environmentProvider },
  { names: [`${kafka}.FileConfigProvider`], load: async () => fileProvider },
];

interface ProviderOptions {
  readonly entries?: readonly ConfigProviderEntry[];
  /** True if plugins failed to load, so that an unknown class may belong to one of them. */
  readonly incomplete?: boolean;
  failed?(name: string, reason: string): void;
}

/**
 * Creates the providers of the worker properties `config.providers`, `config.providers.<name>.class` and `.param.*`. Throws
 * CONFIG_INVALID for an unknown class and invalid parameters. A provider that fails to start is replaced with one that
 * rejects every request, so that only configurations that use it fail; `failed` receives the reason.
 */
export async function configProviders(
  props: Readonly<Record<string, string>>,
  { entries = configProviderEntries, incomplete = false, failed }: ProviderOptions = {},
): Promise<Map<string, ConfigProvider>> {
  const names = (props['config.providers'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  const providers = names.map(async (name): Promise<[string, ConfigProvider]> => {
    const type = (props[`config.providers.${name}.class`] ?? '').trim();
    const entry = findComponent(entries, type, 'ConfigProvider');
    const unknownClass = new MillraceError(
      incomplete && type !== '' ? 'TASK_CONFIG' : 'CONFIG_INVALID',
      `config.providers.${name}.class is ${type || 'missing'}; there are ${entries.map(provider => provider.names[0]).join(', ')}.`,
    );
    const prefix = `config.providers.${name}.param.`;
    const params = Object.entries(props)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]);
    try {
      if (entry === undefined) throw unknownClass;
      return [name, await createProvider(name, entry, Object.fromEntries(params))];
    } catch (error) {
      if (error instanceof MillraceError && error.kind === 'client') throw error;
      failed?.(name, messageOf(error));
      const reason = `The configuration provider ${name} cannot be used: ${messageOf(error)}`;
      return [name, { get: () => Promise.reject(new MillraceError('TASK_CONFIG', reason, { cause: error })) }];
    }
  });
  return new Map(await Promise.all(providers));
}

async function createProvider(
  name: string,
  entry: ConfigProviderEntry,
  params: Record<string, string>,
): Promise<ConfigProvider> {
  const factory = await entry.load();
  const { config, errors } = factory.config.check(params);
  if (config !== undefined) return factory.create(config);
  const messages = [...errors.values()].flat().join(' ');
  throw new MillraceError('CONFIG_INVALID', `config.providers.${name}.param: ${messages}`);
}
