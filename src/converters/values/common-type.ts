import type { PrimitiveSchema, Schema, SchemaType } from '../../api/index.ts';
import { LogicalName } from '../../api/index.ts';
import type { Scalar } from './scalars.ts';
import { schemas } from './scalars.ts';

/** The type of one item, or the one that several have in common. The schema is that of the last item of this type. */
export interface CommonType {
  readonly type: SchemaType;
  readonly schema: Schema | undefined;
}

/** Ordered from the narrowest to the widest. */
const numbers: readonly SchemaType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

/**
 * The type that Connect gives all items: of one type the last one's schema, of numbers the widest, to which dates and times
 * belong as the integers behind them. undefined where there are no items, or no such type.
 */
export function commonType(items: readonly CommonType[]): CommonType | undefined {
  let common = items[0];
  for (const item of items) {
    if (common === undefined) return undefined;
    common = merged(common, item);
  }
  return common;
}

function merged(known: CommonType, item: CommonType): CommonType | undefined {
  if (known.type === item.type) return item;
  const [a, b] = [numbers.indexOf(known.type), numbers.indexOf(item.type)];
  if (a < 0 || b < 0) return undefined;
  return a > b ? known : item;
}

/**
 * A scalar in the type that all items have in common. A date or time that the type does not hold stays what it is.
 * undefined where Connect cannot convert it.
 */
export function converted(item: Scalar, target: Schema): Scalar | undefined {
  const { schema, value } = item;
  if (schema === target || !isPrimitive(target)) return item;
  if (value instanceof Date) {
    if (target.name === undefined) return undefined;
    return holds(target, value) ? { schema: target, value } : item;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return item;
  if (target.name !== undefined) return dateOf(Number(value), target);
  if (target.type === 'int64') return { schema: target, value: BigInt(value) };
  const number = Number(value);
  return { schema: target, value: target.type === 'float32' ? Math.fround(number) : number };
}

const isPrimitive = (schema: Schema): schema is PrimitiveSchema =>
  schema.type !== 'array' && schema.type !== 'map' && schema.type !== 'struct';

const DAY_MS = 86_400_000;

/** A Date holds whole days, a Time those of one day, a Timestamp all that JavaScript's dates hold. */
export function holds({ name }: Schema, date: Date): boolean {
  const ms = date.getTime();
  if (name === LogicalName.Date) return ms % DAY_MS === 0;
  if (name === LogicalName.Time) return ms >= 0 && ms <= DAY_MS;
  return name === LogicalName.Timestamp && !Number.isNaN(ms);
}

/** undefined for what the type does not hold. */
function dateOf(encoded: number, target: PrimitiveSchema): Scalar | undefined {
  const value = new Date(target === schemas.date ? encoded * DAY_MS : encoded);
  return holds(target, value) ? { schema: target, value } : undefined;
}
