import type { Value } from '../../../src/api/index.ts';
import { Decimal, javaDouble, LogicalName, schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../src/cdc/record/codec.ts';
import { twosComplement } from '../../../src/data/decimal.ts';
import { writeDecimal, writeJson } from '../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';
import { float64 } from './numbers.ts';
import { plainText } from './text.ts';

/** `decimal.handling.mode` */
export type DecimalMode = 'precise' | 'double' | 'string';

/** Digits that a JavaScript number holds exactly. */
const SAFE_DIGITS = 15;
const POINT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;

const isSpecial = (bytes: Buffer, end: number): boolean => ((bytes[end - 1] as number) & 0xf0) !== 0x30;

/** numeric(p, s): Connect's Decimal. NaN and the infinities have no Decimal and become null. */
function precise(precision: number | undefined, scale: number): Codec {
  const schema = schemaOf('bytes', {
    name: LogicalName.Decimal,
    version: 1,
    parameters: {
      scale: String(scale),
      ...(precision === undefined ? {} : { 'connect.decimal.precision': String(precision) }),
    },
  });
  return {
    schema,
    value(bytes, start, end) {
      if (isSpecial(bytes, end)) return null;
      return new Decimal(unscaledOf(latin1(bytes, start, end), scale), scale);
    },
    json(bytes, start, end, out) {
      if (isSpecial(bytes, end)) return false;
      const small = end - start <= SAFE_DIGITS ? smallUnscaled(bytes, start, end, scale) : undefined;
      if (small !== undefined) writeDecimal(out, small);
      else writeJson(out, schema, this.value(bytes, start, end));
      return true;
    },
    nullForNaN: true,
    missing: new Decimal(0n, scale),
    defaults: { zero: '0' },
  };
}

/** Returns the digits as a number when the text has exactly `scale` fraction digits; undefined otherwise. */
function smallUnscaled(bytes: Buffer, start: number, end: number, scale: number): number | undefined {
  let value = 0;
  let fractionDigits = 0;
  let hasPoint = false;
  const negative = bytes[start] === MINUS;
  for (let i = negative ? start + 1 : start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === POINT) hasPoint = true;
    else {
      value = value * 10 + byte - ZERO;
      if (hasPoint) fractionDigits++;
    }
  }
  if (fractionDigits !== scale) return undefined;
  return negative ? -value : value;
}

/** Parses plain decimal text. With a negative scale, the text ends with zeros that the unscaled value does not have. */
function unscaledOf(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  if (scale >= 0) return BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
  return BigInt(whole) / 10n ** BigInt(-scale);
}

const variableSchema = structOf(
  { scale: schemaOf('int32'), value: schemaOf('bytes') },
  { name: SemanticType.VariableScaleDecimal, version: 1, doc: 'Variable scaled decimal' },
);

/** numeric without a scale: each value has its own, without trailing zeros. */
const variable: Codec = {
  schema: variableSchema,
  value(bytes, start, end): Value {
    if (isSpecial(bytes, end)) return null;
    const text = latin1(bytes, start, end);
    const [whole = '', zeros = ''] = text.split('.');
    const fraction = zeros.replace(/(?<!0)0+$/, '');
    return new ValueStruct(variableSchema, [fraction.length, twosComplement(BigInt(whole + fraction))]);
  },
  json(bytes, start, end, out) {
    const value = this.value(bytes, start, end);
    if (value === null) return false;
    writeJson(out, variableSchema, value);
    return true;
  },
  nullForNaN: true,
  missing: new ValueStruct(variableSchema, [0, Buffer.from([0])]),
};

/** Numbers with more digits than a double are rounded, as this mode defines. */
const double: Codec = {
  ...float64,
  json(bytes, start, end, out) {
    if (isSpecial(bytes, end)) return float64.json(bytes, start, end, out);
    out.ascii(javaDouble(Number(latin1(bytes, start, end))));
    return true;
  },
};

/** DEFAULT clauses have the literal unchanged; rows have all digits of the scale. */
function asText(scale: number): Codec {
  const normal = (literal: string): string => {
    const [whole = '', fraction = ''] = literal.split('.');
    return `${whole}.${fraction.padEnd(scale, '0')}`;
  };
  const zero = scale > 0 ? normal('0') : '0';
  return plainText({ missing: zero, defaults: scale > 0 ? { zero, normal } : { zero } });
}

/** A typmod below 4 means that neither precision nor scale is declared. */
export function numeric(typmod: number, mode: DecimalMode): Codec {
  const declared = typmod >= 4;
  const scale = declared ? (((typmod - 4) & 0x7ff) ^ 1024) - 1024 : 0;
  if (mode === 'double') return double;
  if (mode === 'string') return asText(scale);
  return declared ? precise((typmod - 4) >> 16, scale) : variable;
}

/** Buffer for one amount without its signs and separators. */
const amount = Buffer.allocUnsafe(64);

/** Writes `-$1,234.56`, the C locale's form, to `amount` as `-1234.56`. Returns its length. */
function moneyText(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === MINUS || byte === POINT || (byte >= ZERO && byte <= 0x39)) amount[length++] = byte;
  }
  return length;
}

/** Rounds the amount in `amount` from 2 to 0 or 1 fraction digits; halves are rounded away from zero. */
function roundedMoney(length: number, digits: number): number {
  const cents = BigInt(latin1(amount, 0, length).replace('.', ''));
  const [unit, half] = digits === 0 ? [100n, 50n] : [10n, 5n];
  const units = (cents < 0n ? cents - half : cents + half) / unit;
  const whole = units < 0n ? -units : units;
  const text = digits === 0 ? String(whole) : `${whole / 10n}.${whole % 10n}`;
  return amount.write(units < 0n ? `-${text}` : text, 'latin1');
}

/** money: a Decimal with `money.fraction.digits`, rounded when these are fewer than the database's two. */
export function money(mode: DecimalMode, fractionDigits: number): Codec {
  const { defaults: _, ...inner } =
    mode === 'precise' ? precise(undefined, fractionDigits) : mode === 'string' ? asText(fractionDigits) : double;
  const text = (bytes: Buffer, start: number, end: number): number => {
    const length = moneyText(bytes, start, end);
    return mode === 'precise' && fractionDigits < 2 ? roundedMoney(length, fractionDigits) : length;
  };
  return {
    ...inner,
    value: (bytes, start, end) => inner.value(amount, 0, text(bytes, start, end)),
    json: (bytes, start, end, out) => inner.json(amount, 0, text(bytes, start, end), out),
  };
}
