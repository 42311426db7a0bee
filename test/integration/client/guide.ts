import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../../src/package-folder.ts';

/** The program in a language in docs/guides/from-other-services.md. */
export async function programOf(language: 'ts' | 'python'): Promise<string> {
  const page = await readFile(join(packageFolder(), 'docs/guides/from-other-services.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language);
  const [only, ...more] = blocks;
  if (only?.[2] === undefined || more.length > 0) throw new Error(`the guide must have one program in ${language}`);
  return only[2];
}

/** Path of the secrets of the guide's programs. */
export const secretsFile = '/etc/millrace/secrets.properties';
