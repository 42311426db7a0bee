import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';

const hook = join(packageFolder(), 'scripts', 'hooks', 'commit-msg');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-commit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(message: string): Promise<{ readonly status: number | null; readonly error: string }> {
  const file = join(folder, 'COMMIT_EDITMSG');
  await writeFile(file, message);
  const { status, stderr } = spawnSync(hook, [file], { encoding: 'utf8' });
  return { status, error: stderr };
}

describe('the commit-msg hook', () => {
  test.each([
    'kafka: close idle connections',
    'java-regex: refuse what Java reads in its own way\n\nThe body may say anything.',
    'glossary: add the terms of Temporal',
    'src/cdc: need one interface for chunks',
    'Merge branch main',
    'Revert "kafka: close idle connections"',
    'fixup! kafka: close idle connections',
    `kafka: ${'x'.repeat(65)}`,
  ])('accepts %j', async message => {
    expect(await check(message)).toEqual({ status: 0, error: '' });
  });

  test.each([
    ['Close idle connections', 'it has no scope'],
    ['docs, test: add a glossary', 'it has no scope, or several'],
    ['Kafka: close idle connections', 'it has no scope'],
    ['kafka: closed idle connections', 'write the imperative'],
    ['kafka: fixes idle connections', 'write the imperative'],
    ['kafka: closing idle connections', 'write the imperative'],
    ['kafka: close idle connections.', 'it ends with a full stop'],
    [`kafka: ${'x'.repeat(66)}`, 'it has 73 characters; at most 72 are allowed'],
    ['', 'it has no scope'],
  ])('rejects %j', async (message, reason) => {
    const { status, error } = await check(message);
    expect(status).toBe(1);
    expect(error).toContain(reason);
  });
});
