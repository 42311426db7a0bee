import { readFile } from 'node:fs/promises';
import { type ConfigProviderFactory, defineConfig, MillraceError, messageOf } from 'millrace/api';

/** `${json:/etc/secrets.json:database.password}`: the text at a path of names in a file of JSON. */
export const jsonFileProvider: ConfigProviderFactory<object> = {
  config: defineConfig({}),
  create: () => ({
    async get(path, keys) {
      const content = await contentOf(path);
      const found = new Map<string, string>();
      for (const key of keys) {
        const value = key.split('.').reduce(memberOf, content);
        if (typeof value === 'string' || typeof value === 'number') found.set(key, String(value));
      }
      return found;
    },
  }),
};

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // The parser quotes what it reads, which may be a secret.
    const why = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw new MillraceError('TASK_CONFIG', `The file ${path} of secrets cannot be read: ${why}`);
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
