import type { Kind } from './kinds.ts';

/** Maps keys that a column compares as equal to one text. */
export type KeyForm = (key: string) => string;

/** Keys of different text are different rows. */
export const exact: KeyForm = key => key;
/** Treats all keys as equal, where the column's equality is not known: each key is written by itself, in order. */
export const allEqual: KeyForm = () => '';

/** Kinds of keys; `plain` is JSON without a schema. */
export type KeyKind = Kind | 'plain';
