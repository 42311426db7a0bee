import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseJsonTexts } from '../../config/connector-config/json-texts.ts';
import { parseProperties } from '../../config/worker-config/properties.ts';
import { messageOf } from '../../errors.ts';
import { connectorsExit, exitWith } from './rest-client.ts';

export interface ConnectorFile {
  readonly name: string | undefined;
  /** Values from the file; the server validates those that are not text. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly initialState: unknown;
  readonly initialOffsets: unknown;
}

/** Fields of the body of POST /connectors. */
const fields: ReadonlySet<string> = new Set(['name', 'config', 'initial_state', 'initial_offsets']);

/**
 * Reads a connector from a file, `-` for standard input: the body of POST /connectors (`{"name", "config"}`), the body of
 * PUT (a flat object of configuration), or properties as for connect-standalone.sh. `name` overrides the one in the file.
 */
export async function connectorFile(path: string, name: string | undefined): Promise<ConnectorFile> {
  const raw = withoutByteOrderMark(await contents(path));
  const content = parse(raw, path);
  const inner = content.config;
  const wrapped = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  const unknown = wrapped ? Object.keys(content).filter(key => !fields.has(key)) : [];
  if (unknown.length > 0)
    throw invalidFile(
      path,
      `has ${unknown.join(', ')} beside name and config: move the keys of the configuration into config`,
    );
  const config = wrapped ? { ...inner } : content;
  const rawName = name ?? content.name ?? config.name;
  const text = rawName === undefined || rawName === null ? undefined : String(rawName);
  return {
    name: text,
    config: name !== undefined && 'name' in config ? { ...config, name } : config,
    initialState: wrapped ? content.initial_state : undefined,
    // Parsed again, because numbers in offsets must not become texts.
    initialOffsets: wrapped && 'initial_offsets' in content ? JSON.parse(raw).initial_offsets : undefined,
  };
}

async function contents(path: string): Promise<string> {
  try {
    return path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw exitWith(connectorsExit.usage, `Cannot read ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

const withoutByteOrderMark = (text: string): string => text.replace(/^\ufeff/, '');

/** Parses JSON when the text or the file's name is that of JSON; properties otherwise. */
function parse(text: string, path: string): Record<string, unknown> {
  if (text.trim() === '') throw invalidFile(path, 'is empty');
  if (!/^\s*[[{"]/.test(text) && !path.endsWith('.json'))
    return attempt(path, 'cannot be read:', () => parseProperties(text));
  const read = attempt<unknown>(path, 'is', () => parseJsonTexts(text));
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw invalidFile(path, 'is not a JSON object with a configuration');
  return read as Record<string, unknown>;
}

function attempt<T>(path: string, failure: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw invalidFile(path, `${failure} ${messageOf(error)}`);
  }
}

const invalidFile = (path: string, message: string) =>
  exitWith(connectorsExit.usage, `${path === '-' ? 'Standard input' : path} ${message}.`);

/** Reads offsets from a file, `-` for standard input: the body of PATCH (`{"offsets": […]}`), or only the array. */
export async function offsetsFile(path: string): Promise<unknown> {
  const text = withoutByteOrderMark(await contents(path));
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw invalidFile(path, `is not JSON (${messageOf(error)})`);
  }
  return Array.isArray(read) ? { offsets: read } : read;
}
