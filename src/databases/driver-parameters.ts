import type { ConfigKeyInfo, ConfigProps } from '../api/index.ts';
import { messageOf } from '../errors.ts';

const prefix = 'connection.';

/** Keys `connection.<name>` that are none of the connector's own: parameters of the JDBC driver, by name. */
export function driverParameters(props: ConfigProps, own: readonly ConfigKeyInfo[]): ReadonlyMap<string, string> {
  const names = new Set(own.map(({ name }) => name));
  return new Map(
    Object.entries(props).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' && key.startsWith(prefix) && !names.has(key) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

/** Messages by key for the parameters that `read` throws for, each by itself. */
export function wrongParameters(
  parameters: ReadonlyMap<string, string>,
  read: (parameter: ReadonlyMap<string, string>) => unknown,
): ReadonlyMap<string, readonly string[]> {
  const errors = new Map<string, readonly string[]>();
  for (const [name, value] of parameters)
    try {
      read(new Map([[name, value]]));
    } catch (error) {
      errors.set(prefix + name, [messageOf(error)]);
    }
  return errors;
}

/** The parameters of a JDBC URL behind its `?`, and those of keys of their own that it does not have. */
export function urlParameters(query: string, others: ReadonlyMap<string, string>): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of others) if (!parameters.has(name)) parameters.set(name, value);
  return parameters;
}
