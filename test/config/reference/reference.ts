import { readFileSync } from 'node:fs';

export interface DocumentedKey {
  readonly key: string;
  readonly type: string;
  /** Default value; '' for none. */
  readonly value: string;
}

/**
 * Configuration keys of Kafka Connect 4.3.1 and Debezium 3.7.0 by component, in the order of the file: clients and worker
 * by these words, others by their classes, from the answers of GET /connector-plugins/{class}/config.
 */
export const reference: ReadonlyMap<string, readonly DocumentedKey[]> = read('keys.tsv');

/** Configuration keys of Confluent's connectors, from their documentation. */
export const confluent: ReadonlyMap<string, readonly DocumentedKey[]> = read('confluent.tsv');

function read(name: string): Map<string, DocumentedKey[]> {
  const keys = new Map<string, DocumentedKey[]>();
  for (const line of readFileSync(new URL(name, import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [component = '', key = '', type = '', value = ''] = line.split('\t');
    keys.set(component, [...(keys.get(component) ?? []), { key, type, value }]);
  }
  return keys;
}
