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
  readonly width?: 'none' | 'short' | 'medium' | 'long';
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly recommended?: readonly string[];
}

interface KeyOptions<T> extends KeyDocs {
  /** Absent: the key is required. */
  readonly default?: T;
  /** Default as text, where String(default) is not it. */
  readonly defaultText?: string | null;
}

type Required_<T> = KeyDocs & { readonly default?: never } & Checks<T>;
type Defaulted<T, D> = KeyDocs & { readonly default: D } & Checks<T>;
interface Checks<T> {
  /** A message of what is wrong with the value, or undefined. */
  readonly check?: (value: T) => string | undefined;
}

const fail = (context: z.core.$RefinementCtx, message: string): never => {
  context.issues.push({ code: 'custom', message, input: undefined });
  return z.NEVER;
};

function key<T, D>(
  type: ConfigType,
  read: (text: string, context: z.core.$RefinementCtx) => T,
  options: KeyDocs & Checks<T> & { readonly default?: D },
): ConfigKey<T | D> {
  const zod = z.string().transform((text, context): T => {
    const value = read(text, context);
    const wrong = context.issues.length === 0 ? options.check?.(value) : undefined;
    return wrong === undefined ? value : fail(context, wrong);
  });
  return { type, zod: zod as unknown as z.ZodType<T | D, string>, options: options as KeyOptions<T | D> };
}

type Made<T> = {
  (options: Required_<T>): ConfigKey<T>;
  <D extends T | null>(options: Defaulted<T, D>): ConfigKey<T | D>;
};

export const stringKey = ((options: Defaulted<string, string>) => key('STRING', text => text, options)) as Made<string>;
export const passwordKey = ((options: Defaulted<string, string>) =>
  key('PASSWORD', text => text, options)) as Made<string>;
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
export function enumKey<const W extends string>(
  words: readonly W[],
  options: KeyDocs & { readonly default: W },
): ConfigKey<W> {
  return key<W, W>(
    'STRING',
    (text, context) =>
      words.find(word => word.toLowerCase() === text.trim().toLowerCase()) ??
      fail(context, `String must be one of (case insensitive): ${words.join(', ')}`),
    { ...options, recommended: words },
  );
}

/** A number of at least n, in Connect's words. */
export const atLeast =
  (min: number) =>
  (value: number): string | undefined =>
    value >= min ? undefined : `Value must be at least ${min}`;

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
  readonly refine?: (config: C, props: ConfigProps) => Readonly<Record<string, string>>;
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
    const order = group === null ? -1 : (inGroup.get(group) ?? 0) + 1;
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
    };
  });

  function check(props: ConfigProps): ConfigCheck<ConfigOf<K>> {
    const errors = new Map<string, string[]>();
    const config: Record<string, unknown> = {};
    for (const [name, { zod, type, options: o }] of entries) {
      const text = props[name];
      if (text === undefined || text === null) {
        if (o.default === undefined)
          errors.set(name, [`Missing required configuration "${name}" which has no default value.`]);
        else config[name] = o.default;
        continue;
      }
      const read = zod.safeParse(text);
      if (read.success) config[name] = read.data;
      else {
        const shown = type === 'PASSWORD' ? '[hidden]' : text;
        errors.set(
          name,
          read.error.issues.map(issue => `Invalid value ${shown} for configuration ${name}: ${issue.message}`),
        );
      }
    }
    if (errors.size > 0) return { config: undefined, errors };
    for (const [name, message] of Object.entries(options.refine?.(config as ConfigOf<K>, props) ?? {}))
      errors.set(name, [message]);
    return { config: errors.size > 0 ? undefined : (config as ConfigOf<K>), errors };
  }
  return { keys: infos, check };
}

const upper = <W extends string>(word: W): Uppercase<W> => word.toUpperCase() as Uppercase<W>;

function textOfDefault(options: KeyOptions<unknown>): string | null {
  if (options.defaultText !== undefined) return options.defaultText;
  const value = options.default;
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.join(',') : String(value);
}
