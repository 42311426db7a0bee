import { Decimal, Float64, type Schema, type Value } from '../../../src/api/index.ts';
import { toBase64 } from '../../support/java.ts';

/** Prints schemas and values in the format of ConnectValues.java, exact to the last bit. */
export function schemaText(schema: Schema | null): string {
  if (schema === null) return 'none';
  let type: string = schema.type;
  if (schema.type === 'array') type += `(${schemaText(schema.items)})`;
  if (schema.type === 'map') type += `(${schemaText(schema.keys)},${schemaText(schema.values)})`;
  if (schema.type === 'struct') type += `(${schema.fields.map(field => schemaText(field.schema)).join(',')})`;
  if (schema.optional) type += '?';
  if (schema.name === undefined) return type;
  const parameters = Object.entries(schema.parameters ?? {}).map(([name, value]) => `${name}=${value}`);
  return `${type} ${schema.name} ${schema.version}${parameters.length === 0 ? '' : `{${parameters.join(', ')}}`}`;
}

/** Without a schema numbers have no type: a float is printed as the narrowest type that can represent it. */
export function valueText(schema: Schema | null, value: Value): string {
  if (typeof value === 'string') return `"${toBase64(value)}"`;
  if (typeof value === 'number') return numberText(schema, value);
  if (value instanceof Float64) return floatText(value.value);
  if (value instanceof Decimal) return `n${value.unscaled}/${value.scale}`;
  if (value instanceof Date) return `@${value.getTime()}`;
  if (Array.isArray(value)) {
    const items = schema?.type === 'array' ? schema.items : null;
    return `[${value.map((item: Value) => valueText(items, item)).join(',')}]`;
  }
  if (value instanceof Map) {
    const [keys, values] = schema?.type === 'map' ? [schema.keys, schema.values] : [null, null];
    const entries = [...(value as ReadonlyMap<Value, Value>)];
    return `{${entries.map(([key, item]) => `${valueText(keys, key)}:${valueText(values, item)}`).join(',')}}`;
  }
  return String(value);
}

function numberText(schema: Schema | null, value: number): string {
  if (schema?.type === 'float32') return `f${bits(view => view.setFloat32(4, value)).toString(16)}`;
  if (schema?.type === 'float64') return `d${bits(view => view.setFloat64(0, value)).toString(16)}`;
  return schema === null && !Number.isSafeInteger(value) ? floatText(value) : String(value);
}

const floatText = (value: number): string =>
  Number.isFinite(Math.fround(value))
    ? `f${bits(view => view.setFloat32(4, value)).toString(16)}`
    : `d${bits(view => view.setFloat64(0, value)).toString(16)}`;

function bits(write: (view: DataView) => void): bigint {
  const view = new DataView(new ArrayBuffer(8));
  write(view);
  return view.getBigUint64(0);
}
