import fc from 'fast-check';
import { afterEach } from 'vitest';
import { uniqueName } from '../topic.ts';
import { connectorNames, MAX_CONNECTOR_NAME, similarNames } from './connector-names.ts';
import { columnNames, schemaNames, tableNames } from './identifiers.ts';
import { type Cluster, type OtherConnectors, startOtherConnectors } from './other-connectors.ts';
import { fileSeeds } from './seed.ts';
import { truncate } from './text.ts';
import { MAX_TOPIC, topicNames } from './topic-names.ts';

/**
 * Inputs of a test file, drawn from the run's seed: the same MILLRACE_SEED and order of draws give the same inputs.
 * They are printed when a test fails.
 */
export interface Draw {
  /** A value of any arbitrary. */
  value<T>(arbitrary: fc.Arbitrary<T>): T;
  /** A connector name, unique in this file. */
  connectorName(): string;
  /**
   * A sink name, unique across runs, because all clusters of the brokers share its consumer group: a short part of it
   * is random.
   */
  sinkName(): string;
  /** A topic name, unique across runs: a short part of it is random. */
  topic(max?: number): string;
  /** Unquoted names of tables, schemas and columns, unique in this file. */
  table(): string;
  schema(): string;
  column(): string;
  /**
   * Starts connectors of other kinds and writes old data in a worker's cluster. tested: names of the connectors under
   * test.
   */
  otherConnectors(cluster: Cluster, beside?: readonly string[]): Promise<OtherConnectors>;
}

/** Call once at the top of a test file: `const draw = generator(import.meta.url)`. */
export function generator(url: string): Draw {
  const nextSeed = fileSeeds(url);
  const values: unknown[] = [];
  const usedNames = new Set<string>();
  const from = <T>(arbitrary: fc.Arbitrary<T>): T => {
    const [value] = fc.sample(arbitrary, { numRuns: 1, seed: nextSeed() });
    values.push(value);
    return value as T;
  };
  const unused = (kind: string, arbitrary: fc.Arbitrary<string>): string => {
    // Table lists are case-insensitive.
    const entry = (text: string) => `${kind} ${kind === 'connector' ? text : text.toLowerCase()}`;
    const name = from(arbitrary.filter(text => !usedNames.has(entry(text))));
    usedNames.add(entry(name));
    return name;
  };
  afterEach(({ task }) => {
    if (task.result?.state === 'fail')
      console.error(`drawn for this file:\n${values.map(value => fc.stringify(value)).join('\n')}`);
  });
  /** The generated text with a part that is unique across runs, within the length limit. */
  const unique = (text: string, after: string, bytes: number): string => {
    const part = uniqueName('');
    const start = truncate(text, bytes - part.length);
    return start + part + truncate(after, bytes - part.length - Buffer.byteLength(start));
  };
  const draw: Draw = {
    value: from,
    connectorName: () => unused('connector', connectorNames),
    sinkName: () => unique(from(connectorNames), '', MAX_CONNECTOR_NAME),
    topic: (max = MAX_TOPIC) => unique(from(topicNames(max)), from(topicNames(max)), max),
    table: () => unused('table', tableNames),
    schema: () => unused('schema', schemaNames),
    column: () => unused('column', columnNames),
    otherConnectors: (cluster, beside = []) => {
      const absent = beside.flatMap(similarNames).filter(name => !usedNames.has(`connector ${name}`));
      return startOtherConnectors(draw, cluster, [...new Set(absent)]);
    },
  };
  return draw;
}
