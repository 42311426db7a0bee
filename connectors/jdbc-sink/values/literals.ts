import { Decimal, type Schema, type Value } from '../../../src/api/index.ts';
import { typeDescription } from './encoder.ts';
import { circleText, geometryText, lineText, pointText } from './geometry-text.ts';
import { jsonText, plainText } from './json-text.ts';
import { kindOf } from './kinds.ts';
import {
  checked,
  fieldOf,
  hex,
  isBoolean,
  isBytes,
  isDecimal,
  isList,
  isMap,
  isNumber,
  isPlainObject,
  isString,
  isWhole,
  type Literal,
  numberText,
} from './literal.ts';
import { temporalLiteral } from './temporal-text.ts';

/** Literals of a schema's values, for elements of arrays, hstore, defaults and types without a binary encoder. */
export function literalOf(schema: Schema): Literal {
  const kind = kindOf(schema);
  switch (kind) {
    case 'int':
    case 'long':
      return checked(isWhole, 'a whole number', String);
    case 'float':
    case 'double':
      return checked(isNumber, 'a number', numberText);
    case 'boolean':
      return checked(isBoolean, 'a boolean', String);
    case 'bytes':
      return checked(isBytes, 'bytes', value => `\\x${hex(value)}`);
    case 'decimal':
      return checked(isDecimal, 'a decimal', String);
    case 'variable-decimal':
      return value => {
        const decimal = variableDecimal(value);
        if (decimal === null) throw new Error(`${typeDescription(value)} but the schema requires a decimal`);
        return decimal.toString();
      };
    case 'bits': {
      const length = Number(schema.parameters?.['length'] ?? Number.NaN);
      return checked(isBytes, 'bits', value => bitText(value, length));
    }
    case 'point':
      return pointText;
    case 'line':
      return lineText;
    case 'circle':
      return circleText;
    case 'geometry':
    case 'geography':
      return geometryText;
    case 'vector':
      return checked(isList, 'an array', value => `[${value.join(',')}]`);
    case 'array':
      return schema.type === 'array' ? arrayLiteral(schema.items, literalOf(schema.items)) : unreachable();
    case 'map':
    case 'struct':
      return jsonText;
    default:
      return temporalLiteral(kind) ?? checked(isString, 'text', value => value);
  }
}

const unreachable = (): never => {
  throw new Error('the kind does not match the schema');
};

/** `{"a",NULL,"b"}`: quotes every element except nested arrays. delimiter: of the elements' type. */
export function arrayLiteral(items: Schema, item: Literal, delimiter = ','): Literal {
  const isNested = kindOf(items) === 'array';
  return checked(isList, 'an array', value => {
    const parts = value.map(element => {
      if (element === null) return 'NULL';
      return isNested ? item(element) : quoteElement(item(element));
    });
    return `{${parts.join(delimiter)}}`;
  });
}

export const quoteElement = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** `io.debezium.data.VariableScaleDecimal`: a struct of scale and big-endian unscaled value. */
export function variableDecimal(value: Value): Decimal | null {
  if (value instanceof Decimal) return value;
  const [scale, bytes] = [fieldOf(value, 'scale'), fieldOf(value, 'value')];
  if (!isNumber(scale) || !isBytes(bytes)) return null;
  return new Decimal(bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex(bytes)}`)), scale);
}

/** Text of bits, highest first, from little-endian bytes (Java's BitSet). length: NaN if it is not known. */
function bitText(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = bytes.length - 1; i >= 0; i--) text += (bytes[i] as number).toString(2).padStart(8, '0');
  // Debezium sends the largest integer as the length of bit varying without a length.
  if (!(length > 0 && length < 2 ** 31 - 1)) return text.replace(/^0+(?=.)/, '');
  return text.length > length ? text.slice(text.length - length) : text.padStart(length, '0');
}

/** hstore of a map; keys and values are converted to text. */
export const hstoreText: Literal = value => {
  const entries = isMap(value) ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined) throw new Error(`${typeDescription(value)} but the schema requires a map`);
  return entries
    .map(
      ([key, item]) =>
        `${quoteElement(plainText(key))}=>${item === null || item === undefined ? 'NULL' : quoteElement(plainText(item))}`,
    )
    .join(',');
};
