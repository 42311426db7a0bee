import fc from 'fast-check';
import { afterEach } from 'vitest';
import { uniqueName } from '../topic.ts';
import { connectorNames, MAX_CONNECTOR_NAME, namesBeside } from './connector-names.ts';
import { columnNames, schemaNames, tableNames } from './identifiers.ts';
import { type Cluster, type Neighbours, startNeighbours } from './neighbours.ts';
import { fileSeeds } from './seed.ts';
import { clipped } from './text.ts';
import { MAX_TOPIC, topicNames } from './topic-names.ts';

/**
 * Inputs of a test file, drawn from the run's seed: the same again for the same MILLRACE_SEED and the same order of
 * draws. What was drawn is printed when a test fails.
 */
export interface Draw {
  /** One value of any arbitrary. */
  from<T>(arbitrary: fc.Arbitrary<T>): T;
  /** A name that no other connector of this file has. */
  connectorName(): string;
  /** The same for a sink, whose consumer group all clusters of the brokers share: a short part of it is not drawn. */
  sinkName(): string;
  /** A name that no other topic of the brokers has: a short part of it is not drawn. */
  topic(max?: number): string;
  /** Names that no other table, schema or column of this file has, unquoted. */
  table(): string;
  schema(): string;
  column(): string;
  /** Connectors of other kinds and old data in a worker's cluster. beside: names of the connectors that a test is about. */
  neighbours(cluster: Cluster, beside?: readonly string[]): Promise<Neighbours>;
}

/** Call it once in a test file, at its top: `const draw = generator(import.meta.url)`. */
export function generator(url: string): Draw {
  const nextSeed = fileSeeds(url);
  const drawn: unknown[] = [];
  const taken = new Set<string>();
  const from = <T>(arbitrary: fc.Arbitrary<T>): T => {
    const [value] = fc.sample(arbitrary, { numRuns: 1, seed: nextSeed() });
    drawn.push(value);
    return value as T;
  };
  const unused = (kind: string, arbitrary: fc.Arbitrary<string>): string => {
    // Lists of tables do not know upper and lower case apart.
    const entry = (text: string) => `${kind} ${kind === 'connector' ? text : text.toLowerCase()}`;
    const name = from(arbitrary.filter(text => !taken.has(entry(text))));
    taken.add(entry(name));
    return name;
  };
  afterEach(({ task }) => {
    if (task.result?.state === 'fail')
      console.error(`drawn for this file:\n${drawn.map(value => fc.stringify(value)).join('\n')}`);
  });
  /** The drawn text with a part that no earlier run had in it, where there is room. */
  const unique = (text: string, after: string, bytes: number): string => {
    const part = uniqueName('');
    const start = clipped(text, bytes - part.length);
    return start + part + clipped(after, bytes - part.length - Buffer.byteLength(start));
  };
  const draw: Draw = {
    from,
    connectorName: () => unused('connector', connectorNames),
    sinkName: () => unique(from(connectorNames), '', MAX_CONNECTOR_NAME),
    topic: (max = MAX_TOPIC) => unique(from(topicNames(max)), from(topicNames(max)), max),
    table: () => unused('table', tableNames),
    schema: () => unused('schema', schemaNames),
    column: () => unused('column', columnNames),
    neighbours: (cluster, beside = []) => {
      const absent = beside.flatMap(namesBeside).filter(name => !taken.has(`connector ${name}`));
      return startNeighbours(draw, cluster, [...new Set(absent)]);
    },
  };
  return draw;
}
