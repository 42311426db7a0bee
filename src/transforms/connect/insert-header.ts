import type { TransformFactory } from '../../api/index.ts';
import type { Check, Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { parseHeader } from '../../converters/values/index.ts';
import { withHeaders } from '../record/record-part.ts';

const given: Check<string> = Object.assign(() => undefined, { onNull: 'entry must be non null' });

const config = defineConfig({
  header: stringKey({ doc: 'Name of the header.', importance: 'high', check: given }),
  'value.literal': stringKey({
    doc: 'Its value: a boolean, a number, a date or time in ISO 8601, an array or map of these in brackets, else text.',
    importance: 'high',
    check: given,
  }),
});

/** Kafka Connect's InsertHeader: the same header on every record. */
export const insertHeader: TransformFactory<Config<typeof config>> = {
  config,
  create({ header, 'value.literal': literal }) {
    const added = { key: header, ...parseHeader(literal) };
    return { apply: record => withHeaders(record, [...record.headers, added]) };
  },
};
