import type { TypeInfo } from './resolve.ts';

/** Type of a column in the form of JDBC's metadata: upper case, with length and scale. */
export interface SourceType {
  readonly name: string;
  readonly length: number;
  readonly scale: number;
}

const UNLIMITED = 2_147_483_647;
const FIRST_USER_OID = 16_384;

type Size = readonly [length: number, scale: number];
type SizeOf = (typmod: number) => Size;

/** Characters of a time, including the point of a fraction. */
const fraction =
  (whole: number): SizeOf =>
  typmod => {
    const digits = typmod < 0 ? 6 : typmod;
    return [whole + (digits === 0 ? 0 : digits + 1), digits];
  };
const characters: SizeOf = typmod => [typmod < 4 ? UNLIMITED : typmod - 4, 0];
const always =
  (length: number, scale = 0): SizeOf =>
  () => [length, scale];

const sizes: ReadonlyMap<string, SizeOf> = new Map<string, SizeOf>([
  ['bool', always(1)],
  ['char', always(1)],
  ['int2', always(5)],
  ['int4', always(10)],
  ['int8', always(19)],
  ['oid', always(10)],
  ['float4', always(8, 8)],
  ['float8', always(17, 17)],
  ['numeric', typmod => (typmod < 4 ? [131_089, 0] : [(typmod - 4) >> 16, (((typmod - 4) & 0x7ff) ^ 1024) - 1024])],
  ['bpchar', characters],
  ['varchar', characters],
  ['bit', typmod => [Math.max(typmod, 1), 0]],
  ['varbit', typmod => [typmod < 0 ? UNLIMITED : typmod, 0]],
  ['date', always(13)],
  ['time', fraction(8)],
  ['timetz', fraction(14)],
  ['timestamp', fraction(22)],
  ['timestamptz', fraction(28)],
  ['interval', typmod => [49, typmod < 0 ? 6 : typmod & 0xffff]],
]);

const serials: Readonly<Record<string, string>> = { int2: 'smallserial', int4: 'serial', int8: 'bigserial' };

/** defaultSql: expression of the column's DEFAULT; null without one. */
export function sourceType(
  types: ReadonlyMap<number, TypeInfo>,
  oid: number,
  typmod: number,
  defaultSql: string | null,
): SourceType {
  const name = types.get(oid)?.name ?? '';
  const serial = defaultSql?.includes('nextval(') && oid < FIRST_USER_OID ? serials[name] : undefined;
  const [length, scale] = sizeOf(types, oid, typmod);
  return { name: (serial ?? name).toUpperCase(), length, scale };
}

/** A domain has the size of its base type, an array that of an element. */
function sizeOf(types: ReadonlyMap<number, TypeInfo>, oid: number, typmod: number): Size {
  const type = types.get(oid);
  if (type?.kind === 'd') return sizeOf(types, type.base, type.baseTypmod < 0 ? typmod : type.baseTypmod);
  if (type !== undefined && type.element !== 0) {
    const element = types.get(type.element);
    return element?.kind === 'd' ? [UNLIMITED, 0] : sizeOf(types, type.element, typmod);
  }
  const declaredSize = oid < FIRST_USER_OID ? sizes.get(type?.name ?? '') : undefined;
  return declaredSize?.(typmod) ?? [UNLIMITED, 0];
}
