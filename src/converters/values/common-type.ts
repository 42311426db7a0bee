import type { PrimitiveSchema, Schema, SchemaType } from '../../api/index.ts';
import { LogicalName } from '../../api/index.ts';
import type { Scalar } from './scalars.ts';
import { schemas } from './scalars.ts';

/** The type of one item, or the common type of several. `schema` is the schema of the last item of this type. */
export interface CommonType {
  readonly type: SchemaType;
  readonly schema: Schema | undefined;
}

/** Ordered from the narrowest to the widest. */
const numbers: readonly SchemaType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

/**
 * The common type that Connect infers for the items: the last schema if all have the same type, else the widest number
 * type. Dates and times count as the integers that represent them. Returns undefined for no items or no common type.
 */
export function commonType(items: readonly CommonType[]): CommonType | undefined {
  let common = items[0];
  for (const item of items) {
    if (common === undefined) return undefined;
    common = widerType(common, item);
  }
  return common;
}

function widerType(current: CommonType, item: CommonType): CommonType | undefined {
  if (current.type === item.type) return item;
  const [a, b] = [numbers.indexOf(current.type), numbers.indexOf(item.type)];
  if (a < 0 || b < 0) return undefined;
  return a > b ? current : item;
}

/**
 * Converts a scalar to the common type of all items. A date or time outside the range of the target is returned
 * unchanged. Returns undefined if Connect cannot convert it.
 */
export function convertTo(item: Scalar, target: Schema): Scalar | undefined {
  const { schema, value } = item;
  if (schema === target || !isPrimitive(target)) return item;
  if (value instanceof Date) {
    if (target.name === undefined) return undefined;
    return isInRange(target, value) ? { schema: target, value } : item;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return item;
  if (target.name !== undefined) return toDateScalar(Number(value), target);
  if (target.type === 'int64') return { schema: target, value: BigInt(value) };
  const number = Number(value);
  return { schema: target, value: target.type === 'float32' ? Math.fround(number) : number };
}

const isPrimitive = (schema: Schema): schema is PrimitiveSchema =>
  schema.type !== 'array' && schema.type !== 'map' && schema.type !== 'struct';

const DAY_MS = 86_400_000;

/** Date requires whole days, Time the milliseconds of one day, Timestamp any valid JavaScript date. */
export function isInRange({ name }: Schema, date: Date): boolean {
  const ms = date.getTime();
  if (name === LogicalName.Date) return ms % DAY_MS === 0;
  if (name === LogicalName.Time) return ms >= 0 && ms <= DAY_MS;
  return name === LogicalName.Timestamp && !Number.isNaN(ms);
}

/** Returns undefined if the value is out of the range of the target type. */
function toDateScalar(encoded: number, target: PrimitiveSchema): Scalar | undefined {
  const value = new Date(target === schemas.date ? encoded * DAY_MS : encoded);
  return isInRange(target, value) ? { schema: target, value } : undefined;
}
