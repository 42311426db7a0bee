import type {
  ConfigProps,
  ConfigSpec,
  ConnectRecord,
  Log,
  Predicate,
  PredicateFactory,
  Transform,
  TransformFactory,
} from '../api/index.ts';
import { withoutPrefix } from '../config/connector-config/connector-config.ts';
import { DataError, MillraceError, messageOf } from '../errors.ts';

/** The transforms and predicates that there are, by class name or alias. */
export interface ChainParts {
  transform(name: string): Promise<{ readonly factory: TransformFactory; readonly className: string } | undefined>;
  predicate(name: string): Promise<{ readonly factory: PredicateFactory } | undefined>;
}

/** What a record becomes on its way; null drops it. Throws DataError. */
export type Chain = <R extends ConnectRecord>(record: R) => R | null;

/**
 * The transforms that a connector's configuration names, as one function; identity where there are none. Whatever a
 * transform throws comes out as a DataError that names the transform; a fatal MillraceError stays fatal. TASK_CONFIG where
 * the configuration is wrong. Logs a warning for a configuration that is probably not meant.
 */
export async function transformChain(props: ConfigProps, parts: ChainParts, log?: Pick<Log, 'warn'>): Promise<Chain> {
  const known = new Map<string, Predicate>();
  for (const alias of listOf(props['predicates'])) known.set(alias, await predicateOf(props, alias, parts));
  const steps: Step[] = [];
  for (const alias of listOf(props['transforms'])) steps.push(await stepOf(props, { alias, known, parts, log }));
  const [first, ...rest] = steps;
  if (first === undefined) return record => record;
  if (rest.length === 0) return record => apply(first, record);
  return record => {
    let current: typeof record | null = record;
    for (const step of steps) {
      current = apply(step, current);
      if (current === null) return null;
    }
    return current;
  };
}

interface Step {
  readonly alias: string;
  readonly className: string;
  readonly transform: Transform;
  readonly predicate: Predicate | undefined;
  /** Whether the predicate must hold, or must not. */
  readonly when: boolean;
}

function apply<R extends ConnectRecord>({ alias, className, transform, predicate, when }: Step, record: R): R | null {
  try {
    return predicate === undefined || predicate.test(record) === when ? transform.apply(record) : record;
  } catch (error) {
    const message = `Transform ${alias}: ${messageOf(error)}`;
    if (error instanceof MillraceError && error.kind === 'fatal')
      throw new MillraceError(error.code, message, { cause: error });
    throw new DataError(message, { cause: error, component: className });
  }
}

interface StepContext {
  readonly alias: string;
  /** The predicates of the configuration. */
  readonly known: ReadonlyMap<string, Predicate>;
  readonly parts: ChainParts;
  readonly log: Pick<Log, 'warn'> | undefined;
}

async function stepOf(props: ConfigProps, { alias, known, parts, log }: StepContext): Promise<Step> {
  const prefix = `transforms.${alias}.`;
  const own = withoutPrefix(props, prefix);
  const { factory, className } = (await parts.transform(typeOf(own, prefix))) ?? {};
  if (factory === undefined || className === undefined)
    throw wrong(`${prefix}type is ${own['type']}, which there is not.`);
  const name = own['predicate']?.trim();
  const predicate = name === undefined ? undefined : known.get(name);
  if (name !== undefined && predicate === undefined)
    throw wrong(`${prefix}predicate is ${name}, which predicates does not list.`);
  const when = own['negate']?.trim().toLowerCase() !== 'true';
  return { alias, className, transform: factory.create(read(factory.config, own, prefix, log)), predicate, when };
}

async function predicateOf(props: ConfigProps, alias: string, parts: ChainParts): Promise<Predicate> {
  const prefix = `predicates.${alias}.`;
  const own = withoutPrefix(props, prefix);
  const factory = (await parts.predicate(typeOf(own, prefix)))?.factory;
  if (factory === undefined) throw wrong(`${prefix}type is ${own['type']}, which there is not.`);
  return factory.create(read(factory.config, own));
}

function typeOf(own: Readonly<Record<string, string>>, prefix: string): string {
  const type = own['type']?.trim();
  if (type === undefined) throw wrong(`Missing required configuration "${prefix}type" which has no default value.`);
  return type;
}

function read<C>(spec: ConfigSpec<C>, own: Readonly<Record<string, string>>, prefix = '', log?: Pick<Log, 'warn'>): C {
  const { config, errors, warnings = [] } = spec.check(own);
  if (config === undefined) throw wrong([...errors.values()].flat().join(' '));
  for (const [key, warning] of warnings) log?.warn({ setting: prefix + key }, warning);
  return config;
}

const listOf = (text: string | null | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');

const wrong = (message: string): MillraceError => new MillraceError('TASK_CONFIG', message);
