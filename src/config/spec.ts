import { z } from 'zod';
import type { ConfigCheck, ConfigKeyInfo, ConfigProps, ConfigSpec, ConfigType } from '../api/component.ts';

/**
 * A configuration key: a zod schema and the metadata of Connect's ConfigDef. `defineConfig` derives the configuration type,
 * the defaults, the answers of /validate, the console's form and the reference page from the keys. Messages are those of
 * Kafka Connect, word for word, so that they can be found with a search engine.
 */
export interface ConfigKey<T> {
  readonly type: ConfigType;
  /** Parses the text of a key that is set. */
  readonly zod: z.ZodType<T, string>;
  readonly options: KeyOptions<T>;
}

interface KeyDocs {
  /** One or two sentences. */
  readonly doc: string;
  readonly importance?: 'high' | 'medium' | 'low';
  readonly group?: string;
  /** Position within the group; defaults to the position after the previous key. */
  readonly order?: number;
  readonly width?: 'none' | 'short' | 'medium' | 'long';
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly recommended?: readonly string[];
  /** Names of the key in earlier versions. */
  readonly formerNames?: readonly string[];
}

interface KeyOptions<T> extends KeyDocs, Checks<T> {
  /** Default value; a key without one is required. */
  readonly default?: T;
  /** Text to show as the default instead of `String(default)`. */
  readonly defaultText?: string;
}

type RequiredOptions<T> = KeyDocs & { readonly default?: never } & Checks<T>;
type OptionalOptions<T, D> = KeyDocs & { readonly default: D; readonly defaultText?: string } & Checks<T>;
interface Checks<T> {
  readonly check?: Check<T>;
}
/** Validates a value. Returns an error, or undefined for a valid value. */
export interface Check<T> {
  (value: T): ValueError | undefined;
  /** Error for a null value, which Connect's validators add to the error that the value is missing or cannot be parsed. */
  readonly onNull?: ValueError;
}
/** The text after `Invalid value … for configuration …: `, or a complete message. */
export type ValueError = string | { readonly message: string };

const addIssue = (context: z.core.$RefinementCtx, message: string): never => {
  context.issues.push({ code: 'custom', message, input: undefined });
  return z.NEVER;
};

function key<T, D>(
  type: ConfigType,
  read: (text: string, context: z.core.$RefinementCtx) => T,
  options: KeyDocs & Checks<T> & { readonly default?: D },
): ConfigKey<T | D> {
  const zod = z.string().transform(read);
  return { type, zod: zod as unknown as z.ZodType<T | D, string>, options: options as KeyOptions<T | D> };
}

type KeyFactory<T> = {
  (options: RequiredOptions<T>): ConfigKey<T>;
  <D extends T | null>(options: OptionalOptions<T, D>): ConfigKey<T | D>;
};

/** A string, trimmed. */
export const stringKey = ((options: OptionalOptions<string, string>) =>
  key('STRING', text => text.trim(), options)) as KeyFactory<string>;
export const passwordKey = ((options: OptionalOptions<string, string>) =>
  key('PASSWORD', text => text.trim(), options)) as KeyFactory<string>;
export const classKey = ((options: OptionalOptions<string, string>) =>
  key('CLASS', text => text.trim(), options)) as KeyFactory<string>;

export const booleanKey = ((options: OptionalOptions<boolean, boolean>) =>
  key(
    'BOOLEAN',
    (text, context) => {
      const lower = text.trim().toLowerCase();
      return lower === 'true' || lower === 'false'
        ? lower === 'true'
        : addIssue(context, 'Expected value to be either true or false');
    },
    options,
  )) as KeyFactory<boolean>;

const integerKey = (type: 'INT' | 'LONG' | 'SHORT', min: number, max: number) =>
  ((options: OptionalOptions<number, number>) =>
    key(
      type,
      (text, context) => {
        const trimmed = text.trim();
        const value = Number(trimmed);
        return /^[+-]?\d+$/.test(trimmed) && value >= min && value <= max
          ? value
          : addIssue(context, `Not a number of type ${type}`);
      },
      options,
    )) as KeyFactory<number>;

export const intKey = integerKey('INT', -(2 ** 31), 2 ** 31 - 1);
export const longKey = integerKey('LONG', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const shortKey = integerKey('SHORT', -32768, 32767);

export const doubleKey = ((options: OptionalOptions<number, number>) =>
  key(
    'DOUBLE',
    (text, context) => {
      const value = Number(text.trim());
      return text.trim() !== '' && !Number.isNaN(value) ? value : addIssue(context, 'Not a number of type DOUBLE');
    },
    options,
  )) as KeyFactory<number>;

/** A comma-separated list with trimmed items; an empty text is an empty list. */
export const listKey = ((options: OptionalOptions<readonly string[], readonly string[]>) =>
  key('LIST', text => (text.trim() === '' ? [] : text.split(',').map(item => item.trim())), options)) as KeyFactory<
  readonly string[]
>;

/** One of several words, in any case; the value is the word as listed. */
export function enumKey<const W extends string, D extends W | null = W>(
  words: readonly W[],
  options: OptionalOptions<W, D>,
): ConfigKey<W | D> {
  return key<W, D>(
    'STRING',
    (text, context) =>
      words.find(word => word.toLowerCase() === text.trim().toLowerCase()) ??
      addIssue(context, `String must be one of (case insensitive): ${words.join(', ')}`),
    { ...options, recommended: words },
  );
}

/** One of several words, in the case as listed. */
export function oneOfKey<const W extends string>(
  words: readonly W[],
  options: KeyDocs & { readonly default?: W },
): ConfigKey<W> {
  const message = `String must be one of: ${words.join(', ')}`;
  const check = Object.assign(() => undefined, { onNull: message });
  return key<W, W>(
    'STRING',
    (text, context) => words.find(word => word === text.trim()) ?? addIssue(context, message),
    {
      ...options,
      ...(options.default === undefined ? { check } : {}),
    },
  );
}

/** Kafka's `ConfigDef.ValidList`: no empty and no duplicate items. `name` is the name of the key. */
export const validList = (name: string, { empty = false } = {}): Check<readonly string[]> => {
  const problem = (violation: string) => ({ message: `Configuration '${name}' ${violation}` });
  const check = (items: readonly string[]) => {
    if (items.length === 0)
      return empty ? undefined : problem('must not be empty. Valid values include: any non-empty value');
    if (new Set(items).size < items.length) return problem('values must not be duplicated.');
    return items.includes('') ? problem('values must not be empty.') : undefined;
  };
  return Object.assign(check, { onNull: problem('values must not be null.') });
};

/** Kafka's `ConfigDef.Range.atLeast`. */
export const atLeast = (min: number): Check<number> =>
  Object.assign((value: number) => (value >= min ? undefined : `Value must be at least ${min}`), {
    onNull: 'Value must be non-null',
  });

export const nonEmpty = (value: string): string | undefined =>
  value.trim() === '' ? 'String must be non-empty' : undefined;

// biome-ignore lint/suspicious/noExplicitAny: the value type of a key is covariant and only inferred from
type AnyKey = ConfigKey<any>;
export type ConfigOf<K extends Readonly<Record<string, AnyKey>>> = {
  readonly [N in keyof K]: K[N] extends ConfigKey<infer T> ? T : never;
};

/** The configuration type of a spec. */
export type Config<S> = S extends ConfigSpec<infer C> ? C : never;

export interface SpecOptions<C> {
  /** Validates keys that depend on each other: messages by key. Called only if each key is valid by itself. */
  readonly refine?: (config: C, props: ConfigProps) => Readonly<Record<string, string | readonly string[]>>;
  /** Warnings by key about a valid configuration. */
  readonly warn?: (config: C) => Readonly<Record<string, string | undefined>>;
}

/** Defines a component's configuration by its keys, in the order in which they are shown. */
export function defineConfig<const K extends Readonly<Record<string, AnyKey>>>(
  keys: K,
  options: SpecOptions<ConfigOf<K>> = {},
): ConfigSpec<ConfigOf<K>> {
  const entries = Object.entries(keys);
  const lastOrderByGroup = new Map<string, number>();
  const infos = entries.map(([name, { type, options: o }]): ConfigKeyInfo => {
    const group = o.group ?? null;
    const order = o.order ?? (group === null ? -1 : (lastOrderByGroup.get(group) ?? 0) + 1);
    if (group !== null) lastOrderByGroup.set(group, order);
    return {
      name,
      type,
      required: o.default === undefined,
      defaultValue: defaultAsText(o),
      importance: upper(o.importance ?? 'medium'),
      documentation: o.doc,
      group,
      orderInGroup: order,
      width: upper(o.width ?? 'none'),
      displayName: o.displayName ?? name,
      dependents: o.dependents ?? [],
      recommended: o.recommended ?? [],
      ...(o.formerNames && { formerNames: o.formerNames }),
    };
  });

  function check(props: ConfigProps): ConfigCheck<ConfigOf<K>> {
    const errors = new Map<string, readonly string[]>();
    const values = new Map<string, string | null>();
    const warnings = new Map<string, string>();
    const config: Record<string, unknown> = {};
    for (const [name, key] of entries) {
      const presentNames = [name, ...(key.options.formerNames ?? [])].filter(each => typeof props[each] === 'string');
      const read = readKey(name, key, props[presentNames[0] ?? name] ?? null);
      config[name] = read.value;
      values.set(name, key.type === 'PASSWORD' && read.text !== null ? HIDDEN : read.text);
      const messages = [...read.errors, ...conflict(name, presentNames, props)];
      if (messages.length > 0) errors.set(name, messages);
      else if (presentNames[0] !== undefined && presentNames[0] !== name)
        warnings.set(name, `${presentNames[0]} is the former name of ${name}`);
    }
    if (errors.size > 0) return { config: undefined, errors, values };
    for (const [name, messages] of Object.entries(options.refine?.(config as ConfigOf<K>, props) ?? {}))
      errors.set(name, typeof messages === 'string' ? [messages] : messages);
    if (errors.size > 0) return { config: undefined, errors, values };
    for (const [name, warning] of Object.entries(options.warn?.(config as ConfigOf<K>) ?? {}))
      if (warning !== undefined) warnings.set(name, warning);
    return { config: config as ConfigOf<K>, errors, values, warnings };
  }
  return { keys: infos, check };
}

const HIDDEN = '[hidden]';

/** Returns an error if a key is set under several of its names with different values. */
function conflict(name: string, presentNames: readonly string[], props: ConfigProps): string[] {
  const other = presentNames.find(each => props[each] !== props[presentNames[0] ?? name]);
  return other === undefined
    ? []
    : [`${presentNames[0]} and ${other} are names of one setting and have different values: remove ${other}`];
}

interface ParsedKey {
  readonly value?: unknown;
  /** The value to show. */
  readonly text: string | null;
  readonly errors: readonly string[];
}

function readKey(name: string, { zod, type, options: o }: AnyKey, text: string | null): ParsedKey {
  const invalidMessage = (shown: string | null, problem: ValueError) =>
    typeof problem === 'string' ? `Invalid value ${shown} for configuration ${name}: ${problem}` : problem.message;
  // Connect also passes values that could not be parsed to the validator, as null.
  const onNull = o.check?.onNull === undefined ? [] : [invalidMessage(null, o.check.onNull)];
  if (text === null) {
    const missing = `Missing required configuration "${name}" which has no default value.`;
    return o.default === undefined
      ? { text: null, errors: [missing, ...onNull] }
      : { value: o.default, text: defaultAsText(o), errors: [] };
  }
  const trimmed = text.trim();
  const shown = type === 'PASSWORD' ? HIDDEN : trimmed;
  const read = zod.safeParse(text);
  if (!read.success) {
    const errors = read.error.issues.map(issue => invalidMessage(shown, issue.message));
    return type === 'STRING' ? { text: trimmed, errors } : { text: null, errors: [...errors, ...onNull] };
  }
  const problem = o.check?.(read.data);
  const errors =
    problem === undefined ? [] : [invalidMessage(type === 'LIST' ? `[${read.data.join(', ')}]` : shown, problem)];
  return { value: read.data, text: valueAsText(type, read.data, trimmed), errors };
}

function valueAsText(type: ConfigType, value: unknown, text: string): string {
  if (Array.isArray(value)) return value.join(',');
  return type === 'BOOLEAN' ? text.toLowerCase() : text;
}

const upper = <W extends string>(word: W): Uppercase<W> => word.toUpperCase() as Uppercase<W>;

function defaultAsText(options: KeyOptions<unknown>): string | null {
  if (options.defaultText !== undefined) return options.defaultText;
  const value = options.default;
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.join(',') : String(value);
}
