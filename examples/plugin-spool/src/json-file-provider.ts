import { readFile } from 'node:fs/promises';
import { type ConfigProviderFactory, defineConfig, MillraceError, messageOf } from 'millrace/api';

/** `${json:/etc/secrets.json:database.password}`: the text at a path of names in a file of JSON. */
export const jsonFileProvider: ConfigProviderFactory<object> = {
  config: defineConfig({}),
  create: () => ({
    async get(path, keys) {
      const content = await contentOf(path);
      const values = new Map<string, string>();
      for (const key of keys) {
        const value = key.split('.').reduce(memberOf, content);
        if (typeof value === 'string' || typeof value === 'number') values.set(key, String(value));
      }
      return values;
    },
  }),
};

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // The parser's message quotes the file, which may contain a secret.
    const why = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw new MillraceError('TASK_CONFIG', `The file ${path} of secrets cannot be read: ${why}`);
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
