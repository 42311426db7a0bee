import { z } from 'zod';
import type { Plugin } from '../api/index.ts';
import { MillraceError } from '../errors.ts';

const method = z.custom(value => typeof value === 'function', 'must be a function');
const text = z.string('must be a text').refine(value => value.trim() !== '', 'must not be empty');

const component = z.array(
  z.object(
    {
      className: text.refine(name => !/[\s,]/.test(name), 'must have no blanks and no commas'),
      aliases: z.array(text, 'must be a list of names').optional(),
      version: text.optional(),
      load: method,
    },
    'must be an object',
  ),
  'must be a list',
);
const plugin = z.strictObject(
  {
    version: text.optional(),
    sources: component.optional(),
    sinks: component.optional(),
    transforms: component.optional(),
    predicates: component.optional(),
    converters: component.optional(),
    headerConverters: component.optional(),
    configProviders: component.optional(),
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `has ${(keys as string[]).join(', ')}, which a plugin has not`
        : 'must be an object, as definePlugin makes one',
  },
);

/** The plugin that a module exports. CONFIG_INVALID with a sentence for each thing that is not as it should be. */
export function pluginIn(module: Readonly<Record<string, unknown>>): Plugin {
  // A module of CommonJS may come with all that it exports under `default`.
  const exported = module['plugin'] ?? (module['default'] as Record<string, unknown> | undefined)?.['plugin'];
  if (exported === undefined)
    throw new MillraceError(
      'CONFIG_INVALID',
      'It exports no `plugin`: it should say `export const plugin = definePlugin({ … })`.',
    );
  check(plugin, exported, 'plugin');
  return exported as Plugin;
}

const config = z.object({ keys: z.array(z.object({ name: text })), check: method }, 'must be what defineConfig makes');
const factory = z.object({ config, create: method }, 'must be an object with config and create');

const shapes = {
  source: z.object({ kind: z.literal('source'), config, plan: method, task: method }),
  sink: z.object({ kind: z.literal('sink'), config, task: method }),
  transform: factory,
  predicate: factory,
  converter: factory,
  configProvider: factory,
} as const;

export type ComponentKind = keyof typeof shapes;

/** What factories create. */
const made: Partial<Record<ComponentKind, z.ZodType>> = {
  transform: z.object({ apply: method }, 'must be a transform'),
  predicate: z.object({ test: method }, 'must be a predicate'),
  converter: z.object({ fromConnect: method, toConnect: method }, 'must be a converter'),
  configProvider: z.object({ get: method }, 'must be a configuration provider'),
};

/** Checks what a component's `load` has answered. `what`: how to name it. TASK_CONFIG. */
export function checkComponent(kind: ComponentKind, value: unknown, what: string): void {
  check(shapes[kind], value, what, 'TASK_CONFIG');
}

/** Checks what a factory has created. TASK_CONFIG. */
export function checkMade(kind: ComponentKind, value: unknown, what: string): void {
  const shape = made[kind];
  if (shape !== undefined) check(shape, value, what, 'TASK_CONFIG');
}

function check(
  shape: z.ZodType,
  value: unknown,
  what: string,
  code: 'CONFIG_INVALID' | 'TASK_CONFIG' = 'CONFIG_INVALID',
) {
  const { error } = shape.safeParse(value);
  if (error === undefined) return;
  const wrong = error.issues.map(({ path, message }) => {
    const place = path.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `${what}${place}: ${message}`;
  });
  throw new MillraceError(code, `${wrong.join('; ')}.`);
}
