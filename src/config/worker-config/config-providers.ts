import { realpath } from 'node:fs/promises';
import { resolve as absolute, join, sep } from 'node:path';
import type { ConfigProvider, ConfigProviderFactory } from '../../api/index.ts';
import { MillraceError, messageOf } from '../../errors.ts';
import { findNamed, type NamedComponent } from '../connector-config/class-names.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import { defineConfig, listKey, stringKey } from '../spec.ts';
import { readConfigFile } from './config-file.ts';
import { parseProperties } from './properties.ts';

export interface ConfigProviderEntry extends NamedComponent {
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<ConfigProviderFactory<any>>;
}

/** Within the folders that `allowed.paths` names, symbolic links followed; anywhere without it, as in Connect. */
async function allowed(paths: readonly string[], path: string): Promise<string> {
  const real = await realPath(path);
  const folders = await Promise.all(paths.filter(folder => folder !== '').map(realPath));
  const isWithin = (folder: string) => real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
  if (folders.length > 0 && !folders.some(isWithin))
    throw new MillraceError(
      'TASK_CONFIG',
      `The path ${path} is not among allowed.paths of its configuration provider.`,
    );
  return real;
}

/** What is not there stands for itself: reading it says so. */
const realPath = (path: string): Promise<string> => realpath(path).catch(() => absolute(path));

const unreadable = (path: string, error: unknown): MillraceError =>
  new MillraceError('TASK_CONFIG', `The file ${path} of a configuration provider cannot be read: ${messageOf(error)}`);

const folders = defineConfig({
  'allowed.paths': listKey({ doc: 'Folders outside of which nothing is read; without one, any.', default: [] }),
});

const files: ConfigProviderFactory<{ 'allowed.paths': readonly string[] }> = {
  config: folders,
  create: ({ 'allowed.paths': paths }) => ({
    async get(path, keys) {
      const file = await allowed(paths, path);
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

const directories: ConfigProviderFactory<{ 'allowed.paths': readonly string[] }> = {
  config: folders,
  create: ({ 'allowed.paths': paths }) => ({
    async get(path, keys) {
      const entries = keys.map(async (key): Promise<[string, string][]> => {
        const file = await allowed(paths, join(path, key));
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

const environment: ConfigProviderFactory<{ 'allowlist.pattern': string }> = {
  config: defineConfig({
    'allowlist.pattern': stringKey({
      doc: 'A regular expression that the whole name of a variable must match.',
      default: '.*',
      check: regexProblem,
    }),
  }),
  create({ 'allowlist.pattern': allowlist }) {
    const isAllowed = javaMatcher(allowlist, { setting: 'allowlist.pattern' });
    return {
      async get(_path, keys) {
        const found = keys.filter(key => isAllowed(key) && Object.hasOwn(process.env, key));
        return new Map(found.map(key => [key, process.env[key] as string]));
      },
    };
  },
};

const kafka = 'org.apache.kafka.common.config.provider';

/** Every provider that comes with Millrace. */
export const configProviderEntries: readonly ConfigProviderEntry[] = [
  { names: [`${kafka}.DirectoryConfigProvider`], load: async () => directories },
  { names: [`${kafka}.EnvVarConfigProvider`], load: async () => environment },
  { names: [`${kafka}.FileConfigProvider`], load: async () => files },
];

interface ProviderOptions {
  readonly entries?: readonly ConfigProviderEntry[];
  /** Plugins are missing that could not be loaded: a class that is not there may be one of theirs. */
  readonly incomplete?: boolean;
  failed?(name: string, reason: string): void;
}

/**
 * The providers that worker properties name: `config.providers`, `config.providers.<name>.class` and `.param.*`.
 * CONFIG_INVALID for a class that there is not and parameters that are not right. One that cannot be made stands there
 * all the same, so that it stops nobody but whoever asks it: `failed` hears why.
 */
export async function configProviders(
  props: Readonly<Record<string, string>>,
  { entries = configProviderEntries, incomplete = false, failed }: ProviderOptions = {},
): Promise<Map<string, ConfigProvider>> {
  const names = (props['config.providers'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  const made = names.map(async (name): Promise<[string, ConfigProvider]> => {
    const type = (props[`config.providers.${name}.class`] ?? '').trim();
    const entry = findNamed(entries, type, 'ConfigProvider');
    const unknown = new MillraceError(
      incomplete && type !== '' ? 'TASK_CONFIG' : 'CONFIG_INVALID',
      `config.providers.${name}.class is ${type || 'missing'}; there are ${entries.map(one => one.names[0]).join(', ')}.`,
    );
    const prefix = `config.providers.${name}.param.`;
    const params = Object.entries(props)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]);
    try {
      if (entry === undefined) throw unknown;
      return [name, await make(name, entry, Object.fromEntries(params))];
    } catch (error) {
      if (error instanceof MillraceError && error.kind === 'client') throw error;
      failed?.(name, messageOf(error));
      const reason = `The configuration provider ${name} cannot be used: ${messageOf(error)}`;
      return [name, { get: () => Promise.reject(new MillraceError('TASK_CONFIG', reason, { cause: error })) }];
    }
  });
  return new Map(await Promise.all(made));
}

async function make(name: string, entry: ConfigProviderEntry, params: Record<string, string>): Promise<ConfigProvider> {
  const factory = await entry.load();
  const { config, errors } = factory.config.check(params);
  if (config !== undefined) return factory.create(config);
  const wrong = [...errors.values()].flat().join(' ');
  throw new MillraceError('CONFIG_INVALID', `config.providers.${name}.param: ${wrong}`);
}
