import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig } from '../../config/spec.ts';

const config = defineConfig({});

/** Kafka Connect's Filter: drops all records; intended for use with a predicate. */
export const filter: TransformFactory<Config<typeof config>> = { config, create: () => ({ apply: () => null }) };
