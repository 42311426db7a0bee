import { defineConfig, intKey, nonEmpty, stringKey } from '../../src/config/spec.ts';
import type { ConnectorToValidate } from '../../src/config/validate.ts';

/** The keys of Kafka Connect's own file connectors, which the recorded answers of a real worker are about. */
export const fileSource: ConnectorToValidate = {
  kind: 'source',
  config: defineConfig({
    file: stringKey({ doc: 'Source filename.', default: null, importance: 'high' }),
    topic: stringKey({ doc: 'The topic to publish data to', importance: 'high', check: nonEmpty }),
    'batch.size': intKey({ doc: 'Records read at once at the most.', default: 2000, importance: 'low' }),
  }),
};

export const fileSink: ConnectorToValidate = {
  kind: 'sink',
  config: defineConfig({ file: stringKey({ doc: 'Destination filename.', default: null, importance: 'high' }) }),
};
