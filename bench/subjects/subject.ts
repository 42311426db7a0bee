type Properties = Readonly<Record<string, string>>;

/** A program that runs connectors: it accepts Kafka Connect's worker properties and has its REST API. */
export interface Subject {
  readonly name: string;
  /** True if its sources write each change exactly once: a duplicate is then an error. */
  readonly exactlyOnce: boolean;
  /** Overrides of the worker properties. */
  readonly workerProperties: Properties;
  /** Overrides of the connector settings. */
  readonly sourceProperties: Properties;
  readonly sinkProperties: Properties;
  readonly versions: Properties;
  /** Command that runs a worker from a properties file. */
  command(file: string): readonly [program: string, ...args: string[]];
}

/** Kafka Connect's settings for exactly-once sources, of the worker and of the connector. */
export const exactlyOnceProperties = {
  worker: { 'exactly.once.source.support': 'enabled' },
  source: { 'exactly.once.support': 'required' },
};
