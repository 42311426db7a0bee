import type { ConfigProvider } from '../../api/index.ts';
import { MillraceError, messageOf } from '../../errors.ts';

export interface ResolvedProps {
  readonly props: Readonly<Record<string, string>>;
  /** All values of providers, which must not leave this process. */
  readonly secrets: readonly string[];
}

interface Reference {
  readonly provider: string;
  readonly path: string;
  readonly key: string;
}

/** `${provider:path:key}` or `${provider:key}`, from `start` to `end`, exclusive. */
export interface Placeholder extends Reference {
  readonly start: number;
  readonly end: number;
}

/** Finds the placeholders in a text. The provider ends at the first colon, the key starts after the last colon. */
export function* placeholdersIn(text: string): Generator<Placeholder> {
  let end = -1;
  let colon = -1;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', start + 2)) {
    if (end < start) end = text.indexOf('}', start);
    if (colon < start) colon = text.indexOf(':', start);
    if (end < 0 || colon < 0) return;
    if (colon > end || colon === start + 2) continue;
    const lastColon = text.lastIndexOf(':', end);
    yield {
      start,
      end: end + 1,
      provider: text.slice(start + 2, colon),
      path: lastColon === colon ? '' : text.slice(colon + 1, lastColon),
      key: text.slice(lastColon + 1, end),
    };
    start = end - 1;
  }
}

/** Replaces each placeholder with the result of `value`; undefined keeps the placeholder. */
export function replacePlaceholders(text: string, value: (placeholder: Placeholder) => string | undefined): string {
  const parts: string[] = [];
  let position = 0;
  for (const placeholder of placeholdersIn(text)) {
    const { start, end } = placeholder;
    parts.push(text.slice(position, start), value(placeholder) ?? text.slice(start, end));
    position = end;
  }
  return position === 0 ? text : parts.join('') + text.slice(position);
}

const referenceKey = ({ provider, path, key }: Reference): string => JSON.stringify([provider, path, key]);

/** Resolves placeholders, except those of unknown providers. Throws TASK_CONFIG. */
export async function resolvePlaceholders(
  props: Readonly<Record<string, string>>,
  providers: ReadonlyMap<string, ConfigProvider>,
): Promise<ResolvedProps> {
  const references = new Map<string, Reference>();
  for (const value of Object.values(props))
    for (const reference of placeholdersIn(value)) references.set(referenceKey(reference), reference);
  const values = new Map<string, string>();
  for (const [name, reference] of references) {
    const provider = providers.get(reference.provider);
    if (provider !== undefined) values.set(name, await lookUpValue(provider, reference));
  }
  const resolvedEntries = Object.entries(props).map(([key, text]) => [
    key,
    replacePlaceholders(text, reference => values.get(referenceKey(reference))),
  ]);
  return { props: Object.fromEntries(resolvedEntries), secrets: [...values.values()] };
}

async function lookUpValue(provider: ConfigProvider, { provider: name, path, key }: Reference): Promise<string> {
  let value: unknown;
  try {
    value = (await provider.get(path, [key])).get(key);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError('TASK_CONFIG', `The configuration provider ${name} has failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const location = path === '' ? '' : ` in ${path}`;
  if (value === undefined)
    throw new MillraceError('TASK_CONFIG', `The configuration provider ${name} has no key ${key}${location}.`);
  if (typeof value !== 'string')
    throw new MillraceError(
      'TASK_CONFIG',
      `The value of ${key}${location} from the configuration provider ${name} is not a string.`,
    );
  return value;
}
