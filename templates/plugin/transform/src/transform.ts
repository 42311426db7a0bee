import {
  type Config,
  type ConnectRecord,
  defineConfig,
  nonEmpty,
  stringKey,
  type TransformFactory,
} from 'millrace/api';

const config = defineConfig({
  prefix: stringKey({ doc: 'What is put before the name of the topic.', importance: 'high', check: nonEmpty }),
});

/** Puts a prefix before the topic. A record is never changed: another is answered, or null to drop it. */
export const transform: TransformFactory<Config<typeof config>> = {
  config,
  create: ({ prefix }) => ({
    apply: <R extends ConnectRecord>(record: R): R => ({ ...record, topic: prefix + record.topic }),
  }),
};
