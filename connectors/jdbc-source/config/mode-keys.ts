import {
  booleanKey,
  enumKey,
  intKey,
  listKey,
  longKey,
  oneOfKey,
  passwordKey,
  stringKey,
} from '../../../src/config/spec.ts';
import { columnMappingCheck } from './column-mappings.ts';

/** Confluent's keys for the mode of reading. */
const mode = { group: 'Mode', importance: 'medium', width: 'medium' } as const;

export const modes = ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'] as const;
export type Mode = (typeof modes)[number];

/** Names of java.sql.Connection's isolation levels, with the misspellings of Confluent's documentation. */
export const isolationModes = [
  'DEFAULT',
  'READ_UNCOMMITTED',
  'READ_COMMITTED',
  'REPEATABLE_READ',
  'SERIALIZABLE',
  'SQL_SERVER_SNAPSHOT',
  'READ_UNCOMMITED',
  'READ_COMMITED',
] as const;

export const modeKeys = {
  mode: oneOfKey(modes, {
    ...mode,
    importance: 'high',
    displayName: 'Table Loading Mode',
    doc: 'bulk: the whole table at each poll; incrementing: new rows, by a strictly increasing column; timestamp: new and changed rows, by timestamp columns; timestamp+incrementing: both, so that each state of a row has a unique position.',
  }),
  'incrementing.column.name': stringKey({
    ...mode,
    default: '',
    displayName: 'Incrementing Column Name',
    doc: 'Strictly increasing column; empty: the auto-incrementing column of each table.',
  }),
  'timestamp.column.name': listKey({
    ...mode,
    default: [],
    displayName: 'Timestamp Column Name',
    doc: 'Timestamp columns; the first one that is not null applies to a row.',
  }),
  'timestamp.columns.mapping': listKey({
    ...mode,
    width: 'long',
    default: [],
    check: columnMappingCheck('timestamp.columns.mapping'),
    displayName: 'Table to timestamp columns mappings',
    doc: 'Timestamp columns by table, instead of timestamp.column.name: regex1:[col1|col2],regex2:[col3]. The full name of each copied table must match exactly one regular expression.',
  }),
  'incrementing.column.mapping': listKey({
    ...mode,
    width: 'long',
    default: [],
    check: columnMappingCheck('incrementing.column.mapping'),
    displayName: 'Table to incrementing column mappings',
    doc: 'Incrementing columns by table, instead of incrementing.column.name: regex1:col1,regex2:col2. The full name of each copied table must match exactly one regular expression.',
  }),
  'timestamp.initial': longKey({
    ...mode,
    importance: 'low',
    default: null,
    displayName: 'Unix time value of initial timestamp',
    doc: 'Start time without a stored position: milliseconds since 1970; -1: the current time; default: 1970.',
  }),
  'validate.non.null': booleanKey({
    ...mode,
    importance: 'low',
    width: 'short',
    default: true,
    displayName: 'Validate Non Null',
    doc: 'true: a nullable incrementing column, or only nullable timestamp columns, fail the task. Without this key, the task logs a warning: rows whose column is null are never read.',
  }),
  query: stringKey({
    ...mode,
    default: '',
    displayName: 'Query',
    doc: "Query to read instead of tables, with any joins and WHERE clause. Its result must contain the mode's columns.",
  }),
  'query.masked': passwordKey({
    ...mode,
    width: 'short',
    default: '',
    displayName: 'Query (Masked)',
    doc: 'Same as query, treated as a password: it is hidden, and server messages that may quote it are omitted.',
  }),
  'query.suffix': stringKey({
    ...mode,
    importance: 'low',
    default: '',
    displayName: 'Query suffix',
    doc: 'Text appended to each generated query, such as LIMIT 10000.',
  }),
  'transaction.isolation.mode': enumKey(isolationModes, {
    ...mode,
    importance: 'low',
    default: 'DEFAULT',
    displayName: 'Transaction Isolation Mode',
    doc: "Isolation level of the transactions that read rows; DEFAULT: the database's default.",
  }),
  'query.retry.attempts': intKey({
    ...mode,
    importance: 'low',
    default: -1,
    displayName: 'Query Retry Attempts',
    doc: 'Retries of a failed query of a table, poll.interval.ms apart, before the task is FAILED. -1, 0 or not set: no limit.',
  }),
};
