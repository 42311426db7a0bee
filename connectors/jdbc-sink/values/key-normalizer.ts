import type { Kind } from './kinds.ts';

/** Maps keys that a column compares as equal to the same text. */
export type KeyNormalizer = (key: string) => string;

/** For columns in which keys of different text are different rows. */
export const exactKey: KeyNormalizer = key => key;
/** Treats all keys as equal, for columns whose equality is not known: each key is written separately, in order. */
export const anyKey: KeyNormalizer = () => '';

/** Kinds of keys; `plain` is schemaless JSON. */
export type KeyKind = Kind | 'plain';
