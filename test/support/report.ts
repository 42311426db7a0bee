import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** MILLRACE_TEST_REPORTS, or `test-output` in the repository: reports of failures, and the state of soak tests. */
export const reportFolder = (): string => resolve(process.env['MILLRACE_TEST_REPORTS'] || 'test-output');

/** Writes a formatted JSON file; returns its path. */
export async function writeReport(name: string, content: object): Promise<string> {
  const folder = reportFolder();
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}-${new Date().toISOString().replaceAll(':', '')}.json`);
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
  return path;
}
