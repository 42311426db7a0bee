import type { ConfigSpec } from '../api/index.ts';
import { MillraceError } from '../errors.ts';

/** Parses the configuration of a component. Throws TASK_CONFIG with all violations. */
export function parseTaskConfig<C>(spec: ConfigSpec<C>, props: Readonly<Record<string, string>>): C {
  const { config, errors } = spec.check(props);
  if (config !== undefined) return config;
  throw new MillraceError('TASK_CONFIG', [...errors.values()].flat().join(' '));
}
