import { readFile } from 'node:fs/promises';
import { resolve as absolute, join, sep } from 'node:path';
import { MillraceError, messageOf } from '../errors.ts';
import { parseProperties } from './properties.ts';

/** Where values come from that a configuration only names (KIP-297): `${provider:[path:]key}`. */
export interface ConfigProvider {
  /** The values of keys; those that are not there are left out. */
  get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export interface Resolved {
  readonly props: Readonly<Record<string, string>>;
  /** Every value that a provider gave: nobody outside this process may see them. */
  readonly secrets: readonly string[];
}

const placeholder = /\$\{([^}:]+):(?:([^}]*):)?([^}]*)\}/g;

interface Reference {
  readonly provider: string;
  readonly path: string;
  readonly key: string;
}

const nameOf = ({ provider, path, key }: Reference): string => JSON.stringify([provider, path, key]);

/** Puts values in the place of placeholders. Placeholders of providers that nobody configured stay. TASK_CONFIG. */
export async function resolvePlaceholders(
  props: Readonly<Record<string, string>>,
  providers: ReadonlyMap<string, ConfigProvider>,
): Promise<Resolved> {
  const wanted = new Map<string, Reference>();
  for (const value of Object.values(props))
    for (const reference of referencesOf(value)) wanted.set(nameOf(reference), reference);
  const values = new Map<string, string>();
  for (const [name, reference] of wanted) {
    const provider = providers.get(reference.provider);
    if (provider === undefined) continue;
    const value = (await provider.get(reference.path, [reference.key])).get(reference.key);
    if (value === undefined)
      throw new MillraceError(
        'TASK_CONFIG',
        `The configuration provider ${reference.provider} has no key ${reference.key}${reference.path === '' ? '' : ` in ${reference.path}`}.`,
      );
    values.set(name, value);
  }
  const replaced = Object.entries(props).map(([key, text]) => [
    key,
    text.replace(
      placeholder,
      (whole, provider: string, path: string | undefined, name: string) =>
        values.get(nameOf({ provider, path: path ?? '', key: name })) ?? whole,
    ),
  ]);
  return { props: Object.fromEntries(replaced), secrets: [...values.values()] };
}

function referencesOf(text: string): Reference[] {
  return [...text.matchAll(placeholder)].map(([, provider, path, key]) => ({
    provider: provider as string,
    path: path ?? '',
    key: key as string,
  }));
}

type Make = (params: Readonly<Record<string, string>>) => ConfigProvider;

/** Within the folders that `allowed.paths` names; anywhere without it, as in Connect. */
function allowed(params: Readonly<Record<string, string>>, path: string): string {
  const real = absolute(path);
  const folders = (params['allowed.paths'] ?? '')
    .split(',')
    .map(folder => folder.trim())
    .filter(folder => folder !== '')
    .map(folder => absolute(folder));
  if (folders.length > 0 && !folders.some(folder => real === folder || real.startsWith(folder + sep)))
    throw new MillraceError(
      'TASK_CONFIG',
      `The path ${path} is not among allowed.paths of its configuration provider.`,
    );
  return real;
}

const unreadable = (path: string, error: unknown): MillraceError =>
  new MillraceError('TASK_CONFIG', `The file ${path} of a configuration provider cannot be read: ${messageOf(error)}`);

const makers: Readonly<Record<string, Make>> = {
  FileConfigProvider: params => ({
    async get(path, keys) {
      const text = await readFile(allowed(params, path), 'utf8').catch((error: unknown) => {
        throw unreadable(path, error);
      });
      const all = parseProperties(text);
      return new Map(keys.flatMap(key => (all[key] === undefined ? [] : [[key, all[key]]])));
    },
  }),
  DirectoryConfigProvider: params => ({
    async get(path, keys) {
      const entries = keys.map(async key => {
        const file = allowed(params, join(path, key));
        return [
          key,
          await readFile(file, 'utf8').catch((error: unknown) => {
            throw unreadable(file, error);
          }),
        ] as const;
      });
      return new Map(await Promise.all(entries));
    },
  }),
  EnvVarConfigProvider: params => {
    const pattern = new RegExp(`^(?:${params['allowlist.pattern'] ?? '.*'})$`);
    return {
      async get(_path, keys) {
        const found = keys.filter(key => pattern.test(key) && process.env[key] !== undefined);
        return new Map(found.map(key => [key, process.env[key] as string]));
      },
    };
  },
};

/** The providers that worker properties name: `config.providers`, `config.providers.<name>.class` and `.param.*`. CONFIG_INVALID. */
export function configProviders(props: Readonly<Record<string, string>>): Map<string, ConfigProvider> {
  const names = (props['config.providers'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  return new Map(
    names.map(name => {
      const type = props[`config.providers.${name}.class`] ?? '';
      const make = makers[type.slice(type.lastIndexOf('.') + 1)];
      if (make === undefined)
        throw new MillraceError(
          'CONFIG_INVALID',
          `config.providers.${name}.class is ${type || 'missing'}; there are ${Object.keys(makers).join(', ')}.`,
        );
      const prefix = `config.providers.${name}.param.`;
      const params = Object.entries(props)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]);
      return [name, make(Object.fromEntries(params))];
    }),
  );
}
