import { enumKey } from '../config/spec.ts';

/** `converter.type`, which every converter of Connect has. The worker sets it, not the user. */
export const converterType = {
  'converter.type': enumKey(['key', 'value', 'header'], {
    doc: 'How this converter will be used.',
    default: 'value',
    importance: 'low',
  }),
};
