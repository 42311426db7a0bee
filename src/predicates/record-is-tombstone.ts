import type { PredicateFactory } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig } from '../config/spec.ts';

const config = defineConfig({});

/** Kafka Connect's RecordIsTombstone: true for records whose value is null. */
export const recordIsTombstone: PredicateFactory<Config<typeof config>> = {
  config,
  create: () => ({ test: record => record.value === null }),
};
