type Properties = Readonly<Record<string, string>>;

/** A program that runs connectors: it reads Kafka Connect's worker properties and answers its REST API. */
export interface Subject {
  readonly name: string;
  /** Whether its sources write each change exactly once: then a record that is there twice is an error. */
  readonly exactlyOnce: boolean;
  /** Over those that every subject's worker gets. */
  readonly workerProperties: Properties;
  /** Over those that every subject's connectors get. */
  readonly sourceProperties: Properties;
  readonly sinkProperties: Properties;
  readonly versions: Properties;
  /** Runs a worker from a properties file. */
  command(file: string): readonly [program: string, ...args: string[]];
}

/** What Kafka Connect wants for a source that is to be exactly once, of the worker and of the connector. */
export const exactlyOnceProperties = {
  worker: { 'exactly.once.source.support': 'enabled' },
  source: { 'exactly.once.support': 'required' },
};
