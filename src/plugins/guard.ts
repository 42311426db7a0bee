import type { ConfigSpec, SinkConnector, SourceConnector } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';
import { type ComponentKind, checkComponent, checkMade } from './shape.ts';

interface Factory {
  readonly config: ConfigSpec<unknown>;
  create(config: unknown, ...more: unknown[]): unknown;
}

/**
 * Components of plugins as the rest of Millrace expects them: what they throw where the contract lets them throw nothing
 * becomes a TASK_CONFIG with a sentence that names the component. MillraceErrors pass as they are.
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
    create: (...given) => {
      try {
        const made = factory.create(...given);
        // What it does with each record nobody stands in the way of.
        checkMade(kind, made, `What ${what} creates`);
        return made;
      } catch (error) {
        throw asTaskConfig(`${what} cannot be created`, error);
      }
    },
  };
}

/** Its methods are called on itself: they may be those of a class with private fields. */
function guardedConnector<K extends SourceConnector<unknown> | SinkConnector<unknown>>(what: string, connector: K): K {
  const methods: Record<string, unknown> = {};
  for (const name of ['plan', 'task', 'deleted', 'alterOffsets', 'fence'] as const) {
    const method: unknown = (connector as Partial<Record<typeof name, unknown>>)[name];
    if (typeof method === 'function') methods[name] = method.bind(connector);
  }
  const { kind, config, validate } = connector;
  if (validate !== undefined)
    methods['validate'] = (...given: Parameters<typeof validate>) =>
      attempt(`${what} cannot check its configuration`, async () => {
        const messages: unknown = await validate.apply(connector, given);
        if (!isMessages(messages)) throw new TypeError('validate answers lists of messages by key');
        return messages;
      });
  return { ...methods, kind, config: guardedSpec(what, config) } as unknown as K;
}

const isMessages = (value: unknown): value is Record<string, readonly string[]> =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every(list => Array.isArray(list) && list.every(one => typeof one === 'string'));

function guardedSpec(what: string, spec: ConfigSpec<unknown>): ConfigSpec<unknown> {
  return {
    keys: spec.keys,
    check(props) {
      try {
        const answer = spec.check(props);
        if (!(answer.errors instanceof Map) || !(answer.values instanceof Map))
          throw new TypeError('check answers errors and values as maps');
        if (answer.warnings !== undefined && !(answer.warnings instanceof Map))
          throw new TypeError('check answers warnings as a map');
        return answer;
      } catch (error) {
        throw asTaskConfig(`${what} cannot check its configuration`, error);
      }
    },
  };
}

async function attempt<T>(failed: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asTaskConfig(failed, error);
  }
}

const asTaskConfig = (failed: string, error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('TASK_CONFIG', `${failed}: ${messageOf(error)}`, { cause: error });
