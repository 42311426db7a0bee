import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseJsonTexts } from '../../config/connector-config/json-texts.ts';
import { parseProperties } from '../../config/worker-config/properties.ts';
import { messageOf } from '../../errors.ts';
import { connectorsExit, leave } from './rest-client.ts';

export interface ConnectorFile {
  readonly name: string | undefined;
  /** Values as the file has them: what is no text is the server's to judge. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly initialState: unknown;
  readonly initialOffsets: unknown;
}

/** Of a body of POST /connectors. */
const fields: ReadonlySet<string> = new Set(['name', 'config', 'initial_state', 'initial_offsets']);

/**
 * A connector from a file, `-` for standard input: `{"name", "config"}` as POST /connectors takes it, a flat object of
 * configuration as PUT takes it, or properties as connect-standalone takes them. `name` wins over what the file says.
 */
export async function connectorFile(path: string, name: string | undefined): Promise<ConnectorFile> {
  const raw = withoutMark(await contents(path));
  const read = parse(raw, path);
  const inner = read.config;
  const wrapped = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  const unknown = wrapped ? Object.keys(read).filter(key => !fields.has(key)) : [];
  if (unknown.length > 0)
    throw wrong(path, `has ${unknown.join(', ')} beside name and config: a configuration's keys belong into config`);
  const config = wrapped ? { ...inner } : read;
  const named = name ?? read.name ?? config.name;
  const text = named === undefined || named === null ? undefined : String(named);
  return {
    name: text,
    config: name !== undefined && 'name' in config ? { ...config, name } : config,
    initialState: wrapped ? read.initial_state : undefined,
    // Here a number is a number.
    initialOffsets: wrapped && 'initial_offsets' in read ? JSON.parse(raw).initial_offsets : undefined,
  };
}

async function contents(path: string): Promise<string> {
  try {
    return path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw leave(connectorsExit.usage, `Cannot read ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, '');

/** JSON where it begins as JSON, or is called so; properties otherwise. */
function parse(text: string, path: string): Record<string, unknown> {
  if (text.trim() === '') throw wrong(path, 'is empty');
  if (!/^\s*[[{"]/.test(text) && !path.endsWith('.json'))
    return attempt(path, 'cannot be read:', () => parseProperties(text));
  const read = attempt<unknown>(path, 'is', () => parseJsonTexts(text));
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw wrong(path, 'does not hold a JSON object of a configuration');
  return read as Record<string, unknown>;
}

function attempt<T>(path: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw wrong(path, `${what} ${messageOf(error)}`);
  }
}

const wrong = (path: string, what: string) =>
  leave(connectorsExit.usage, `${path === '-' ? 'Standard input' : path} ${what}.`);

/** Offsets from a file, `-` for standard input: `{"offsets": […]}` as PATCH takes it, or the array alone. */
export async function offsetsFile(path: string): Promise<unknown> {
  const text = withoutMark(await contents(path));
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw wrong(path, `is not JSON (${messageOf(error)})`);
  }
  return Array.isArray(read) ? { offsets: read } : read;
}
