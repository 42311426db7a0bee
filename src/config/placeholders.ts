import type { ConfigProvider } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';

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
    if (provider !== undefined) values.set(name, await lookUp(provider, reference));
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

async function lookUp(provider: ConfigProvider, { provider: name, path, key }: Reference): Promise<string> {
  let value: unknown;
  try {
    value = (await provider.get(path, [key])).get(key);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError('TASK_CONFIG', `The configuration provider ${name} has failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const where = path === '' ? '' : ` in ${path}`;
  if (value === undefined)
    throw new MillraceError('TASK_CONFIG', `The configuration provider ${name} has no key ${key}${where}.`);
  if (typeof value !== 'string')
    throw new MillraceError('TASK_CONFIG', `What the configuration provider ${name} has at ${key}${where} is no text.`);
  return value;
}

function referencesOf(text: string): Reference[] {
  return [...text.matchAll(placeholder)].map(([, provider, path, key]) => ({
    provider: provider as string,
    path: path ?? '',
    key: key as string,
  }));
}
