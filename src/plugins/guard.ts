import type { ConfigSpec, SinkConnector, SourceConnector } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';
import { type ComponentKind, checkComponent, checkInstance } from './shape.ts';

interface Factory {
  readonly config: ConfigSpec<unknown>;
  create(config: unknown, ...more: unknown[]): unknown;
}

/**
 * Loads a plugin's component and wraps it: errors from methods that must not throw become a TASK_CONFIG that names the
 * component. MillraceErrors are rethrown unchanged.
 */
export async function guarded(kind: ComponentKind, className: string, load: () => unknown): Promise<unknown> {
  const what = `${className} of a plugin`;
  const loaded = await attempt(`${what} cannot be loaded`, async () => load());
  checkComponent(kind, loaded, what);
  return kind === 'source' || kind === 'sink'
    ? guardedConnector(what, loaded as SourceConnector<unknown> | SinkConnector<unknown>)
    : guardedFactory(kind, what, loaded as Factory);
}

function guardedFactory(kind: ComponentKind, what: string, factory: Factory): Factory {
  return {
    config: guardedSpec(what, factory.config),
    create: (...args) => {
      try {
        const instance = factory.create(...args);
        // Methods that are called per record are not wrapped.
        checkInstance(kind, instance, `The result of create of ${what}`);
        return instance;
      } catch (error) {
        throw asTaskConfig(`${what} cannot be created`, error);
      }
    },
  };
}

/** Methods stay bound to the connector, which may be an instance of a class with private fields. */
function guardedConnector<K extends SourceConnector<unknown> | SinkConnector<unknown>>(what: string, connector: K): K {
  const methods: Record<string, unknown> = {};
  for (const name of ['plan', 'task', 'deleted', 'alterOffsets', 'fence'] as const) {
    const method: unknown = (connector as Partial<Record<typeof name, unknown>>)[name];
    if (typeof method === 'function') methods[name] = method.bind(connector);
  }
  const { kind, config, validate } = connector;
  if (validate !== undefined)
    methods['validate'] = (...args: Parameters<typeof validate>) =>
      attempt(`${what} cannot check its configuration`, async () => {
        const messages: unknown = await validate.apply(connector, args);
        if (!isMessages(messages)) throw new TypeError('validate must return lists of messages by key');
        return messages;
      });
  return { ...methods, kind, config: guardedSpec(what, config) } as unknown as K;
}

const isMessages = (value: unknown): value is Record<string, readonly string[]> =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every(list => Array.isArray(list) && list.every(message => typeof message === 'string'));

function guardedSpec(what: string, spec: ConfigSpec<unknown>): ConfigSpec<unknown> {
  return {
    keys: spec.keys,
    check(props) {
      try {
        const result = spec.check(props);
        if (!(result.errors instanceof Map) || !(result.values instanceof Map))
          throw new TypeError('check must return errors and values as maps');
        if (result.warnings !== undefined && !(result.warnings instanceof Map))
          throw new TypeError('check must return warnings as a map');
        return result;
      } catch (error) {
        throw asTaskConfig(`${what} cannot check its configuration`, error);
      }
    },
  };
}

async function attempt<T>(failure: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asTaskConfig(failure, error);
  }
}

const asTaskConfig = (failure: string, error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('TASK_CONFIG', `${failure}: ${messageOf(error)}`, { cause: error });
