import { connectorFile } from '../connectors/config-file.ts';
import { connectorsExit, exitWith } from '../connectors/rest-client.ts';

export interface ConnectorAtStart {
  readonly file: string;
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly state?: (typeof states)[number];
}

const states = ['RUNNING', 'PAUSED', 'STOPPED'] as const;

/** Reads connectors' files as connect-standalone.sh does. An error names the file and ends the program. */
export async function connectorsAtStart(files: readonly string[]): Promise<readonly ConnectorAtStart[]> {
  const read: ConnectorAtStart[] = [];
  for (const file of files) {
    const { name, config, initialState, initialOffsets } = await connectorFile(file, undefined);
    const invalid = (message: string) => exitWith(connectorsExit.usage, `${file} ${message}.`);
    if (name === undefined || name.trim() === '') throw invalid('names no connector: add the key name');
    if (initialOffsets !== undefined) throw invalid('has initial_offsets, which only the REST API accepts');
    const inside = config['name'] ?? name;
    if (String(inside) !== name) throw invalid(`names the connector ${name}, and ${inside} in its config`);
    const duplicate = read.find(other => other.name === name);
    if (duplicate !== undefined) throw invalid(`names the connector ${name}, like ${duplicate.file}`);
    const texts: Record<string, string> = {};
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw invalid(`has ${key}, which must be a text, a number, true or false`);
      texts[key] = String(value);
    }
    const state = states.find(candidate => candidate === String(initialState).toUpperCase());
    if (state === undefined && initialState !== undefined && initialState !== null)
      throw invalid(`has initial_state, which must be one of ${states.join(', ')}`);
    read.push({ file, name, config: texts, ...(state === undefined ? {} : { state }) });
  }
  return read;
}
