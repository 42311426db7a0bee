import { z } from 'zod';
import type { ConfigCheck, ConfigKeyInfo, ConfigProps, ConfigSpec, ConfigType } from '../api/component.ts';

/**
 * One zod schema for each key, with what Connect's ConfigDef tells of it. `defineConfig` makes of them the type, the
 * defaults, the answers of /validate, the console's form and the reference page. Messages are Connect's own, word for
 * word, since people search for them.
 */
export interface ConfigKey<T> {
  readonly type: ConfigType;
  /** Reads the text of a key that is there. */
  readonly zod: z.ZodType<T, string>;
  readonly options: KeyOptions<T>;
}

interface KeyDocs {
  /** One or two sentences. */
  readonly doc: string;
  readonly importance?: 'high' | 'medium' | 'low';
  readonly group?: string;
  /** Place within the group; without it, one behind the key before. */
  readonly order?: number;
  readonly width?: 'none' | 'short' | 'medium' | 'long';
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly recommended?: readonly string[];
  /** Names that the key had in earlier versions. */
  readonly formerNames?: readonly string[];
}

interface KeyOptions<T> extends KeyDocs, Checks<T> {
  /** Absent: the key is required. */
  readonly default?: T;
  /** Shown as the default, where `String(default)` is not it. */
  readonly defaultText?: string;
}

type Required_<T> = KeyDocs & { readonly default?: never } & Checks<T>;
type Defaulted<T, D> = KeyDocs & { readonly default: D; readonly defaultText?: string } & Checks<T>;
interface Checks<T> {
  readonly check?: Check<T>;
}
/** What is wrong with a value, or undefined. */
export interface Check<T> {
  (value: T): Wrong | undefined;
  /** What it says where there is no value, as Connect does beside the message that the value cannot be read. */
  readonly onNull?: Wrong;
}
/** What stands behind `Invalid value … for configuration …: `, or a message that is whole by itself. */
export type Wrong = string | { readonly message: string };

const fail = (context: z.core.$RefinementCtx, message: string): never => {
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

type Made<T> = {
  (options: Required_<T>): ConfigKey<T>;
  <D extends T | null>(options: Defaulted<T, D>): ConfigKey<T | D>;
};

/** Text; blanks around it fall away. */
export const stringKey = ((options: Defaulted<string, string>) =>
  key('STRING', text => text.trim(), options)) as Made<string>;
export const passwordKey = ((options: Defaulted<string, string>) =>
  key('PASSWORD', text => text.trim(), options)) as Made<string>;
export const classKey = ((options: Defaulted<string, string>) =>
  key('CLASS', text => text.trim(), options)) as Made<string>;

export const booleanKey = ((options: Defaulted<boolean, boolean>) =>
  key(
    'BOOLEAN',
    (text, context) => {
      const lower = text.trim().toLowerCase();
      return lower === 'true' || lower === 'false'
        ? lower === 'true'
        : fail(context, 'Expected value to be either true or false');
    },
    options,
  )) as Made<boolean>;

const whole = (type: 'INT' | 'LONG' | 'SHORT', min: number, max: number) =>
  ((options: Defaulted<number, number>) =>
    key(
      type,
      (text, context) => {
        const trimmed = text.trim();
        const value = Number(trimmed);
        return /^[+-]?\d+$/.test(trimmed) && value >= min && value <= max
          ? value
          : fail(context, `Not a number of type ${type}`);
      },
      options,
    )) as Made<number>;

export const intKey = whole('INT', -(2 ** 31), 2 ** 31 - 1);
export const longKey = whole('LONG', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const shortKey = whole('SHORT', -32768, 32767);

export const doubleKey = ((options: Defaulted<number, number>) =>
  key(
    'DOUBLE',
    (text, context) => {
      const value = Number(text.trim());
      return text.trim() !== '' && !Number.isNaN(value) ? value : fail(context, 'Not a number of type DOUBLE');
    },
    options,
  )) as Made<number>;

/** Comma-separated; blanks around items and empty text fall away. */
export const listKey = ((options: Defaulted<readonly string[], readonly string[]>) =>
  key('LIST', text => (text.trim() === '' ? [] : text.split(',').map(item => item.trim())), options)) as Made<
  readonly string[]
>;

/** One of a few words; case does not matter, the value is the word as listed. */
export function enumKey<const W extends string, D extends W | null = W>(
  words: readonly W[],
  options: Defaulted<W, D>,
): ConfigKey<W | D> {
  return key<W, D>(
    'STRING',
    (text, context) =>
      words.find(word => word.toLowerCase() === text.trim().toLowerCase()) ??
      fail(context, `String must be one of (case insensitive): ${words.join(', ')}`),
    { ...options, recommended: words },
  );
}

/** One of a few words, as they are written. */
export function oneOfKey<const W extends string>(
  words: readonly W[],
  options: KeyDocs & { readonly default?: W },
): ConfigKey<W> {
  const message = `String must be one of: ${words.join(', ')}`;
  const check = Object.assign(() => undefined, { onNull: message });
  return key<W, W>('STRING', (text, context) => words.find(word => word === text.trim()) ?? fail(context, message), {
    ...options,
    ...(options.default === undefined ? { check } : {}),
  });
}

/** A list whose items are all there, each once, in Connect's words; `name` is the key's. */
export const itemsOf = (name: string, { empty = false } = {}): Check<readonly string[]> => {
  const say = (what: string) => ({ message: `Configuration '${name}' ${what}` });
  const check = (items: readonly string[]) => {
    if (items.length === 0)
      return empty ? undefined : say('must not be empty. Valid values include: any non-empty value');
    if (new Set(items).size < items.length) return say('values must not be duplicated.');
    return items.includes('') ? say('values must not be empty.') : undefined;
  };
  return Object.assign(check, { onNull: say('values must not be null.') });
};

/** A number of at least n, in Connect's words. */
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

/** The configuration type that a spec reads. */
export type Config<S> = S extends ConfigSpec<infer C> ? C : never;

export interface SpecOptions<C> {
  /** What no key can say alone: messages by key. Called only when every key by itself is right. */
  readonly refine?: (config: C, props: ConfigProps) => Readonly<Record<string, string | readonly string[]>>;
  /** Warnings by key, about a configuration that is right by itself. */
  readonly warn?: (config: C) => Readonly<Record<string, string | undefined>>;
}

/** A component's configuration from its keys, in the order in which they are shown. */
export function defineConfig<const K extends Readonly<Record<string, AnyKey>>>(
  keys: K,
  options: SpecOptions<ConfigOf<K>> = {},
): ConfigSpec<ConfigOf<K>> {
  const entries = Object.entries(keys);
  const inGroup = new Map<string, number>();
  const infos = entries.map(([name, { type, options: o }]): ConfigKeyInfo => {
    const group = o.group ?? null;
    const order = o.order ?? (group === null ? -1 : (inGroup.get(group) ?? 0) + 1);
    if (group !== null) inGroup.set(group, order);
    return {
      name,
      type,
      required: o.default === undefined,
      defaultValue: textOfDefault(o),
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
      const used = [name, ...(key.options.formerNames ?? [])].filter(each => typeof props[each] === 'string');
      const read = readKey(name, key, props[used[0] ?? name] ?? null);
      config[name] = read.value;
      values.set(name, key.type === 'PASSWORD' && read.text !== null ? hidden : read.text);
      const found = [...read.errors, ...conflict(name, used, props)];
      if (found.length > 0) errors.set(name, found);
      else if (used[0] !== undefined && used[0] !== name)
        warnings.set(name, `${used[0]} is the former name of ${name}`);
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

const hidden = '[hidden]';

/** An error if a key is given under several of its names with different values. */
function conflict(name: string, used: readonly string[], props: ConfigProps): string[] {
  const other = used.find(each => props[each] !== props[used[0] ?? name]);
  return other === undefined
    ? []
    : [`${used[0]} and ${other} are names of one setting and have different values: remove ${other}`];
}

interface KeyRead {
  readonly value?: unknown;
  /** The value as it is shown. */
  readonly text: string | null;
  readonly errors: readonly string[];
}

function readKey(name: string, { zod, type, options: o }: AnyKey, text: string | null): KeyRead {
  const invalid = (shown: string | null, wrong: Wrong) =>
    typeof wrong === 'string' ? `Invalid value ${shown} for configuration ${name}: ${wrong}` : wrong.message;
  // A validator of Connect looks at what could not be read as well, and says what it thinks of null.
  const onNull = o.check?.onNull === undefined ? [] : [invalid(null, o.check.onNull)];
  if (text === null) {
    const missing = `Missing required configuration "${name}" which has no default value.`;
    return o.default === undefined
      ? { text: null, errors: [missing, ...onNull] }
      : { value: o.default, text: textOfDefault(o), errors: [] };
  }
  const trimmed = text.trim();
  const shown = type === 'PASSWORD' ? hidden : trimmed;
  const read = zod.safeParse(text);
  if (!read.success) {
    const errors = read.error.issues.map(issue => invalid(shown, issue.message));
    return type === 'STRING' ? { text: trimmed, errors } : { text: null, errors: [...errors, ...onNull] };
  }
  const wrong = o.check?.(read.data);
  const errors = wrong === undefined ? [] : [invalid(type === 'LIST' ? `[${read.data.join(', ')}]` : shown, wrong)];
  return { value: read.data, text: textOf(type, read.data, trimmed), errors };
}

function textOf(type: ConfigType, value: unknown, text: string): string {
  if (Array.isArray(value)) return value.join(',');
  return type === 'BOOLEAN' ? text.toLowerCase() : text;
}

const upper = <W extends string>(word: W): Uppercase<W> => word.toUpperCase() as Uppercase<W>;

function textOfDefault(options: KeyOptions<unknown>): string | null {
  if (options.defaultText !== undefined) return options.defaultText;
  const value = options.default;
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.join(',') : String(value);
}
