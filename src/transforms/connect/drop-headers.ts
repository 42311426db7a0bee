import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, listKey, validList } from '../../config/spec.ts';
import { withHeaders } from '../record/record-part.ts';

const config = defineConfig({
  headers: listKey({ doc: 'Names of the headers to drop.', importance: 'high', check: validList('headers') }),
});

/** Kafka Connect's DropHeaders: removes headers by name. */
export const dropHeaders: TransformFactory<Config<typeof config>> = {
  config,
  create({ headers }) {
    const names = new Set(headers);
    return {
      apply: record =>
        record.headers.some(({ key }) => names.has(key))
          ? withHeaders(
              record,
              record.headers.filter(({ key }) => !names.has(key)),
            )
          : record,
    };
  },
};
