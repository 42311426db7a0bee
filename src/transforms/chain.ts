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

/** Finds transforms and predicates by class name or alias. */
export interface ChainComponents {
  transform(name: string): Promise<{ readonly factory: TransformFactory; readonly className: string } | undefined>;
  predicate(name: string): Promise<{ readonly factory: PredicateFactory } | undefined>;
}

/** Applies all transforms to a record; null drops the record. Throws DataError. */
export type Chain = <R extends ConnectRecord>(record: R) => R | null;

/**
 * Creates the chain of the transforms in a connector's configuration; the identity without transforms. The chain converts
 * errors of transforms to a DataError that names the transform; a fatal MillraceError stays fatal. Throws TASK_CONFIG for
 * an invalid configuration, and logs a warning for a valid but suspicious one.
 */
export async function transformChain(
  props: ConfigProps,
  components: ChainComponents,
  log?: Pick<Log, 'warn'>,
): Promise<Chain> {
  const predicates = new Map<string, Predicate>();
  for (const alias of splitList(props['predicates']))
    predicates.set(alias, await createPredicate(props, alias, components));
  const steps: Step[] = [];
  for (const alias of splitList(props['transforms']))
    steps.push(await createStep(props, { alias, predicates, components, log }));
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
  /** Result of the predicate for which the transform is applied: false with `negate`. */
  readonly appliesIf: boolean;
}

function apply<R extends ConnectRecord>(
  { alias, className, transform, predicate, appliesIf }: Step,
  record: R,
): R | null {
  try {
    return predicate === undefined || predicate.test(record) === appliesIf ? transform.apply(record) : record;
  } catch (error) {
    const message = `Transform ${alias}: ${messageOf(error)}`;
    if (error instanceof MillraceError && error.kind === 'fatal')
      throw new MillraceError(error.code, message, { cause: error });
    throw new DataError(message, { cause: error, component: className });
  }
}

interface StepContext {
  readonly alias: string;
  /** The configured predicates, by alias. */
  readonly predicates: ReadonlyMap<string, Predicate>;
  readonly components: ChainComponents;
  readonly log: Pick<Log, 'warn'> | undefined;
}

async function createStep(props: ConfigProps, { alias, predicates, components, log }: StepContext): Promise<Step> {
  const prefix = `transforms.${alias}.`;
  const settings = withoutPrefix(props, prefix);
  const { factory, className } = (await components.transform(requireType(settings, prefix))) ?? {};
  if (factory === undefined || className === undefined)
    throw configError(`${prefix}type is ${settings['type']}, but there is no such transform. ${LIST_HINT}`);
  const name = settings['predicate']?.trim();
  const predicate = name === undefined ? undefined : predicates.get(name);
  if (name !== undefined && predicate === undefined)
    throw configError(`${prefix}predicate is ${name}, which is not an alias in predicates.`);
  const appliesIf = settings['negate']?.trim().toLowerCase() !== 'true';
  return {
    alias,
    className,
    transform: factory.create(checkConfig(factory.config, settings, prefix, log)),
    predicate,
    appliesIf,
  };
}

async function createPredicate(props: ConfigProps, alias: string, components: ChainComponents): Promise<Predicate> {
  const prefix = `predicates.${alias}.`;
  const settings = withoutPrefix(props, prefix);
  const factory = (await components.predicate(requireType(settings, prefix)))?.factory;
  if (factory === undefined)
    throw configError(`${prefix}type is ${settings['type']}, but there is no such predicate. ${LIST_HINT}`);
  return factory.create(checkConfig(factory.config, settings));
}

const LIST_HINT = 'GET /connector-plugins?connectorsOnly=false lists the available classes.';

function requireType(settings: Readonly<Record<string, string>>, prefix: string): string {
  const type = settings['type']?.trim();
  if (type === undefined)
    throw configError(`Missing required configuration "${prefix}type" which has no default value.`);
  return type;
}

function checkConfig<C>(
  spec: ConfigSpec<C>,
  settings: Readonly<Record<string, string>>,
  prefix = '',
  log?: Pick<Log, 'warn'>,
): C {
  const { config, errors, warnings = [] } = spec.check(settings);
  if (config === undefined) throw configError([...errors.values()].flat().join(' '));
  for (const [key, warning] of warnings) log?.warn({ setting: prefix + key }, warning);
  return config;
}

const splitList = (text: string | null | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');

const configError = (message: string): MillraceError => new MillraceError('TASK_CONFIG', message);
