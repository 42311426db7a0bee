import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;

/** Histories that the tests of the workflows left behind, and that every later version must still replay. */
export const historiesFolder = fileURLToPath(new URL('../histories/', import.meta.url));

/**
 * Keeps the history of a workflow's present run, where MILLRACE_RECORD_HISTORIES is set to the version that records:
 * `MILLRACE_RECORD_HISTORIES=0.1.0 npx vitest run test/workflows`. Recorded ones are never changed, only added to.
 */
export async function recordHistory(client: Client, workflowId: string, name: string): Promise<void> {
  const version = process.env['MILLRACE_RECORD_HISTORIES'];
  if (!version) return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const file = join(historiesFolder, version, `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.pb`);
  await mkdir(join(historiesFolder, version), { recursive: true });
  await writeFile(file, History.encode(anonymous(history) as typeof history).finish());
}

/** A history as `recordHistory` wrote it: Temporal's own protobuf message `temporal.api.history.v1.History`. */
export async function recordedHistory(file: string) {
  return History.decode(await readFile(join(historiesFolder, file)));
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Without where and by whom it was recorded: stack traces name files, identities name machines. */
function anonymous(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(root, '/').replaceAll(hostname(), 'host');
  if (value instanceof Uint8Array) return Buffer.from(Buffer.from(value).toString().replaceAll(root, '/'));
  if (Array.isArray(value)) return value.map(anonymous);
  // Numbers of 64 bits are objects of their own.
  if (typeof value !== 'object' || value === null || 'unsigned' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, anonymous(inner)]));
}
