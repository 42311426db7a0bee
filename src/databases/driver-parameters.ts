import type { ConfigKeyInfo, ConfigProps } from '../api/index.ts';
import { messageOf } from '../errors.ts';

const prefix = 'connection.';

/** JDBC driver parameters by name: the keys `connection.<name>` that the connector does not declare. */
export function driverParameters(props: ConfigProps, declared: readonly ConfigKeyInfo[]): ReadonlyMap<string, string> {
  const names = new Set(declared.map(({ name }) => name));
  return new Map(
    Object.entries(props).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' && key.startsWith(prefix) && !names.has(key) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

/** Error messages by key of the parameters for which `read` throws; each is read separately. */
export function parameterErrors(
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

/** Parameters in the query of a JDBC URL, and those of configuration keys that the URL does not contain. */
export function urlParameters(query: string, others: ReadonlyMap<string, string>): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of others) if (!parameters.has(name)) parameters.set(name, value);
  return parameters;
}
