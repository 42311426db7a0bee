import type { PredicateFactory } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig, nonEmpty, stringKey } from '../config/spec.ts';

const config = defineConfig({
  name: stringKey({ doc: 'Name of the header.', check: nonEmpty }),
});

/** Kafka Connect's HasHeaderKey: true for records with at least one header of this name. */
export const hasHeaderKey: PredicateFactory<Config<typeof config>> = {
  config,
  create: ({ name }) => ({ test: record => record.headers.some(header => header.key === name) }),
};
