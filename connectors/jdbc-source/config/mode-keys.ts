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

/** Confluent's names, defaults and meanings: how rows are found. */
const mode = { group: 'Mode', importance: 'medium', width: 'medium' } as const;

export const modes = ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'] as const;
export type Mode = (typeof modes)[number];

/** Names of java.sql.Connection's levels, in the documentation's spelling too; SQL Server's own cannot be had. */
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
    doc: 'bulk: the whole table at each poll; incrementing: new rows, by a column that only grows; timestamp: new and changed rows, by columns of timestamps; timestamp+incrementing: both, so that each state of a row has a place of its own.',
  }),
  'incrementing.column.name': stringKey({
    ...mode,
    default: '',
    displayName: 'Incrementing Column Name',
    doc: 'Column that only grows; empty: the one auto-incrementing column of each table.',
  }),
  'timestamp.column.name': listKey({
    ...mode,
    default: [],
    displayName: 'Timestamp Column Name',
    doc: 'Columns of timestamps, of which the first that is not null counts in each row.',
  }),
  'timestamp.columns.mapping': listKey({
    ...mode,
    width: 'long',
    default: [],
    check: columnMappingCheck('timestamp.columns.mapping'),
    displayName: 'Table to timestamp columns mappings',
    doc: 'Timestamp columns by table, in the place of timestamp.column.name: regex1:[col1|col2],regex2:[col3]. Each table that is copied must match just one of the regular expressions by its full name.',
  }),
  'incrementing.column.mapping': listKey({
    ...mode,
    width: 'long',
    default: [],
    check: columnMappingCheck('incrementing.column.mapping'),
    displayName: 'Table to incrementing column mappings',
    doc: 'Incrementing columns by table, in the place of incrementing.column.name: regex1:col1,regex2:col2. Each table that is copied must match just one of the regular expressions by its full name.',
  }),
  'timestamp.initial': longKey({
    ...mode,
    importance: 'low',
    default: null,
    displayName: 'Unix time value of initial timestamp',
    doc: 'Where to begin without a stored position: milliseconds since 1970, -1 for the time of the start; 1970 by default.',
  }),
  'validate.non.null': booleanKey({
    ...mode,
    importance: 'low',
    width: 'short',
    default: true,
    displayName: 'Validate Non Null',
    doc: 'Whether a nullable incrementing column, or only nullable timestamp columns, fail the task. Left out, there is a warning: rows whose column is null are never read.',
  }),
  query: stringKey({
    ...mode,
    default: '',
    displayName: 'Query',
    doc: "Query to read instead of whole tables; its WHERE clause and joins are its own. Its result must hold the mode's columns.",
  }),
  'query.masked': passwordKey({
    ...mode,
    width: 'short',
    default: '',
    displayName: 'Query (Masked)',
    doc: 'The same as query, treated as a password: it is hidden, and messages of the server that may quote it are left out.',
  }),
  'query.suffix': stringKey({
    ...mode,
    importance: 'low',
    default: '',
    displayName: 'Query suffix',
    doc: 'Text behind each query that is made, such as LIMIT 10000.',
  }),
  'transaction.isolation.mode': enumKey(isolationModes, {
    ...mode,
    importance: 'low',
    default: 'DEFAULT',
    displayName: 'Transaction Isolation Mode',
    doc: "Isolation of the transactions in which rows are read; DEFAULT is the database's own.",
  }),
  'query.retry.attempts': intKey({
    ...mode,
    importance: 'low',
    default: -1,
    displayName: 'Query Retry Attempts',
    doc: 'Times that a failed query of a table is tried again, poll.interval.ms later, before the task is FAILED. -1, 0 or left out: until it succeeds.',
  }),
};
