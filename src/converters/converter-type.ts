import { enumKey } from '../config/spec.ts';

/** The key that every converter of Connect has beside its own: for what it is used. Set by the worker, not by people. */
export const converterType = {
  'converter.type': enumKey(['key', 'value', 'header'], {
    doc: 'How this converter will be used.',
    default: 'value',
    importance: 'low',
  }),
};
