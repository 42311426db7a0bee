import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;

/** Recorded histories of workflow tests, which every later version must replay. */
export const historiesFolder = fileURLToPath(new URL('../histories/', import.meta.url));

/**
 * Stores the history of a workflow's current run if MILLRACE_RECORD_HISTORIES is set to the recording version:
 * `MILLRACE_RECORD_HISTORIES=0.1.0 npx vitest run test/workflows`. Recorded histories are never changed or deleted.
 */
export async function recordHistory(client: Client, workflowId: string, name: string): Promise<void> {
  const version = process.env['MILLRACE_RECORD_HISTORIES'];
  if (!version) return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const file = join(historiesFolder, version, `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.pb`);
  await mkdir(join(historiesFolder, version), { recursive: true });
  await writeFile(file, History.encode(anonymous(history) as typeof history).finish());
}

/** A history written by `recordHistory`: Temporal's protobuf message `temporal.api.history.v1.History`. */
export async function recordedHistory(file: string) {
  return History.decode(await readFile(join(historiesFolder, file)));
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Removes stack traces, which contain file names, and identities, which contain host names. */
function anonymous(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(root, '/').replaceAll(hostname(), 'host');
  if (value instanceof Uint8Array) return Buffer.from(Buffer.from(value).toString().replaceAll(root, '/'));
  if (Array.isArray(value)) return value.map(anonymous);
  // Long is the class of 64-bit integers.
  if (typeof value !== 'object' || value === null || 'unsigned' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, anonymous(inner)]));
}
