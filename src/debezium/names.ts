/** Headers of the two records of a key change: the other key. */
export const NEW_KEY_HEADER = '__debezium.newkey';
export const OLD_KEY_HEADER = '__debezium.oldkey';

/** Prefix of Debezium's context headers: `extended.headers.enabled`. */
export const CONTEXT_HEADER_PREFIX = '__debezium.context.';

/** Prefix of schema parameters with a column's type, length, scale and name: `column.propagate.source.type`. */
export const SOURCE_COLUMN_PREFIX = '__debezium.source.column.';

/** Default of `unavailable.value.placeholder`: text in place of a large value that the database did not send. */
export const UNAVAILABLE_VALUE = '__debezium_unavailable_value';
