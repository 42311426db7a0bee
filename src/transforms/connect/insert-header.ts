import type { TransformFactory } from '../../api/index.ts';
import type { Check, Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { parseHeader } from '../../converters/values/index.ts';
import { withHeaders } from '../record/record-part.ts';

const required: Check<string> = Object.assign(() => undefined, { onNull: 'entry must be non null' });

const config = defineConfig({
  header: stringKey({ doc: 'Name of the header.', importance: 'high', check: required }),
  'value.literal': stringKey({
    doc: 'Value of the header: a boolean, a number, a date or time in ISO 8601, an array or map of these, else a string.',
    importance: 'high',
    check: required,
  }),
});

/** Kafka Connect's InsertHeader: adds the same header to every record. */
export const insertHeader: TransformFactory<Config<typeof config>> = {
  config,
  create({ header, 'value.literal': literal }) {
    const added = { key: header, ...parseHeader(literal) };
    return { apply: record => withHeaders(record, [...record.headers, added]) };
  },
};
