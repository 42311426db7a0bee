import type { TypeInfo } from '../../../connectors/postgresql/types/resolve.ts';

/** Object ids of types that every server has, from pg_type.dat. */
export const builtin = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  xid: 28,
  json: 114,
  float8: 701,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
} as const;

export const types: ReadonlyMap<number, TypeInfo> = new Map(
  Object.entries(builtin).map(([name, oid]) => [
    oid,
    { oid, name, kind: 'b', base: 0, baseTypmod: -1, element: 0, delimiter: ',', labels: [] },
  ]),
);
