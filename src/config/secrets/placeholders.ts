import type { ConfigProvider } from '../../api/index.ts';
import { MillraceError, messageOf } from '../../errors.ts';

export interface Resolved {
  readonly props: Readonly<Record<string, string>>;
  /** Every value that a provider gave: nobody outside this process may see them. */
  readonly secrets: readonly string[];
}

interface Reference {
  readonly provider: string;
  readonly path: string;
  readonly key: string;
}

/** `${provider:path:key}` or `${provider:key}` at text[start, end). */
export interface Placeholder extends Reference {
  readonly start: number;
  readonly end: number;
}

/** The placeholders of a text, in its order. The provider ends at the first colon, the key begins after the last. */
export function* placeholdersIn(text: string): Generator<Placeholder> {
  let end = -1;
  let colon = -1;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', start + 2)) {
    if (end < start) end = text.indexOf('}', start);
    if (colon < start) colon = text.indexOf(':', start);
    if (end < 0 || colon < 0) return;
    if (colon > end || colon === start + 2) continue;
    const last = text.lastIndexOf(':', end);
    yield {
      start,
      end: end + 1,
      provider: text.slice(start + 2, colon),
      path: last === colon ? '' : text.slice(colon + 1, last),
      key: text.slice(last + 1, end),
    };
    start = end - 1;
  }
}

/** The text with each placeholder replaced by what `value` returns for it. */
export function replacePlaceholders(text: string, value: (placeholder: Placeholder) => string | undefined): string {
  const parts: string[] = [];
  let at = 0;
  for (const placeholder of placeholdersIn(text)) {
    const { start, end } = placeholder;
    parts.push(text.slice(at, start), value(placeholder) ?? text.slice(start, end));
    at = end;
  }
  return at === 0 ? text : parts.join('') + text.slice(at);
}

const nameOf = ({ provider, path, key }: Reference): string => JSON.stringify([provider, path, key]);

/** Puts values in the place of placeholders. Placeholders of providers that nobody configured stay. TASK_CONFIG. */
export async function resolvePlaceholders(
  props: Readonly<Record<string, string>>,
  providers: ReadonlyMap<string, ConfigProvider>,
): Promise<Resolved> {
  const wanted = new Map<string, Reference>();
  for (const value of Object.values(props))
    for (const reference of placeholdersIn(value)) wanted.set(nameOf(reference), reference);
  const values = new Map<string, string>();
  for (const [name, reference] of wanted) {
    const provider = providers.get(reference.provider);
    if (provider !== undefined) values.set(name, await lookUp(provider, reference));
  }
  const replaced = Object.entries(props).map(([key, text]) => [
    key,
    replacePlaceholders(text, reference => values.get(nameOf(reference))),
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
