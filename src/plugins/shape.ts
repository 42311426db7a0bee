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
        ? `has ${(keys as string[]).join(', ')}, which is no property of a plugin`
        : 'must be an object that definePlugin returns',
  },
);

/** Returns the plugin that a module exports. CONFIG_INVALID with a sentence for each violation of the contract. */
export function pluginIn(module: Readonly<Record<string, unknown>>): Plugin {
  // The exports of a CommonJS module may be properties of `default`.
  const exported = module['plugin'] ?? (module['default'] as Record<string, unknown> | undefined)?.['plugin'];
  if (exported === undefined)
    throw new MillraceError(
      'CONFIG_INVALID',
      'It exports no `plugin`: add `export const plugin = definePlugin({ … })`.',
    );
  check(plugin, exported, 'plugin');
  return exported as Plugin;
}

const config = z.object(
  { keys: z.array(z.object({ name: text })), check: method },
  'must be the result of defineConfig',
);
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

/** Instances that factories create. */
const instanceShapes: Partial<Record<ComponentKind, z.ZodType>> = {
  transform: z.object({ apply: method }, 'must be a transform'),
  predicate: z.object({ test: method }, 'must be a predicate'),
  converter: z.object({ fromConnect: method, toConnect: method }, 'must be a converter'),
  configProvider: z.object({ get: method }, 'must be a configuration provider'),
};

/** Checks the result of a component's `load`. what: its name in messages. TASK_CONFIG. */
export function checkComponent(kind: ComponentKind, value: unknown, what: string): void {
  check(shapes[kind], value, what, 'TASK_CONFIG');
}

/** Checks an instance that a factory has created. what: its name in messages. TASK_CONFIG. */
export function checkInstance(kind: ComponentKind, value: unknown, what: string): void {
  const shape = instanceShapes[kind];
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
  const violations = error.issues.map(({ path, message }) => {
    const location = path.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `${what}${location}: ${message}`;
  });
  throw new MillraceError(code, `${violations.join('; ')}.`);
}
