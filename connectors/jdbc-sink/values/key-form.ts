import type { Kind } from './kinds.ts';

/** Makes one text of all texts of keys that a column takes for the same. */
export type KeyForm = (key: string) => string;

/** Different keys are different rows. */
export const exact: KeyForm = key => key;
/** Any two keys may be the same: what has too many spellings. */
export const any: KeyForm = () => '';

/** Kinds of keys; `plain` is JSON without a schema. */
export type KeyKind = Kind | 'plain';
