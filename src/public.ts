/** Exports of `millrace` and `millrace/api`: the contract of components, their configuration, and their errors. */
export * from './api/index.ts';
export * from './config/spec.ts';
export {
  DataError,
  DataErrors,
  type ErrorCode,
  type ErrorKind,
  FencedError,
  kindOf,
  MillraceError,
  messageOf,
} from './errors.ts';
