import { connectorFile } from '../connectors/config-file.ts';
import { connectorsExit, leave } from '../connectors/rest-client.ts';

export interface ConnectorAtStart {
  readonly file: string;
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly state?: (typeof states)[number];
}

const states = ['RUNNING', 'PAUSED', 'STOPPED'] as const;

/** Reads the files that connect-standalone takes behind the worker's. Leaves with a sentence that names the file. */
export async function connectorsAtStart(files: readonly string[]): Promise<readonly ConnectorAtStart[]> {
  const read: ConnectorAtStart[] = [];
  for (const file of files) {
    const { name, config, initialState, initialOffsets } = await connectorFile(file, undefined);
    const wrong = (what: string) => leave(connectorsExit.usage, `${file} ${what}.`);
    if (name === undefined || name.trim() === '') throw wrong('names no connector: it needs the key name');
    if (initialOffsets !== undefined) throw wrong('has initial_offsets, which only the REST API takes');
    const inside = config['name'] ?? name;
    if (String(inside) !== name) throw wrong(`names the connector ${name}, and ${inside} in its config`);
    const twice = read.find(other => other.name === name);
    if (twice !== undefined) throw wrong(`names the connector ${name}, as ${twice.file} does`);
    const texts: Record<string, string> = {};
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw wrong(`has ${key}, which must be a text, a number, true or false`);
      texts[key] = String(value);
    }
    const state = states.find(one => one === String(initialState).toUpperCase());
    if (state === undefined && initialState !== undefined && initialState !== null)
      throw wrong(`has initial_state, which must be one of ${states.join(', ')}`);
    read.push({ file, name, config: texts, ...(state === undefined ? {} : { state }) });
  }
  return read;
}
