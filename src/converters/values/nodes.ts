import type { Schema, Value } from '../../api/index.ts';
import { arrayOf, Float64, javaFloat, mapOf } from '../../api/index.ts';
import { type CommonType, commonType, converted, holds } from './common-type.ts';
import type { Scalar } from './scalars.ts';
import { headerText } from './text.ts';

/** A parsed literal: a scalar, an array, a map, or null. */
export type Node = ScalarNode | ArrayNode | MapNode | NullNode;

interface ScalarNode extends Scalar {
  readonly type: Scalar['schema']['type'];
}
interface NullNode {
  readonly type: 'null';
}
interface ArrayNode {
  readonly type: 'array';
  /** As Connect declares it, by the last item; undefined where that says nothing of the items. */
  readonly schema: Schema | undefined;
  readonly items: readonly Node[];
}
interface MapNode {
  readonly type: 'map';
  readonly schema: Schema | undefined;
  readonly entries: readonly Entry[];
}
export type Entry = readonly [key: ScalarNode, value: Node];

export const NULL: Node = { type: 'null' };

export const scalarNode = ({ schema, value }: Scalar): ScalarNode => ({ type: schema.type, schema, value });

/** Arrays and maps are no keys here, nor is a negative zero, which is no key of a JavaScript Map. */
export const isKey = (node: Node): node is ScalarNode =>
  isTyped(node) && node.type !== 'array' && node.type !== 'map' && !Object.is(node.value, -0);

/** undefined where Connect cannot give all items the type that they have in common. */
export function arrayNode(items: readonly Node[]): Node | undefined {
  const type = typeOfAll(items);
  const aligned = alignedNodes(items, type);
  return aligned && { type: 'array', schema: arraySchema(type?.schema), items: aligned };
}

/** undefined where Connect cannot give all keys, or all values, the type that they have in common. */
export function mapNode(entries: readonly Entry[]): Node | undefined {
  // Entries that later ones replace count too.
  const keyType = typeOfAll(entries.map(([key]) => key));
  const valueType = keyType && typeOfAll(entries.map(([, value]) => value));
  const single = distinct(entries);
  const keys = alignedNodes(
    single.map(([key]) => key),
    keyType,
  );
  const values = alignedNodes(
    single.map(([, value]) => value),
    valueType,
  );
  if (keys === undefined || values === undefined) return undefined;
  const aligned = keys.map((key, i): Entry => [key, values[i] ?? NULL]);
  return { type: 'map', schema: mapSchema(keyType?.schema, valueType?.schema), entries: distinct(aligned) };
}

/** Entries of one key become one: in the place of the first, with the value of the last. */
function distinct(entries: readonly Entry[]): readonly Entry[] {
  const byKey = new Map<string, Entry>();
  for (const [key, value] of entries) {
    const id = identity(key);
    byKey.set(id, [byKey.get(id)?.[0] ?? key, value]);
  }
  return [...byKey.values()];
}

const isTyped = (node: Node): node is ScalarNode | ArrayNode | MapNode => node.type !== 'null';

const typeOfAll = (nodes: readonly Node[]) => commonType(nodes.filter(isTyped));

/** undefined where Connect cannot give all nodes the common type. */
function alignedNodes<N extends Node>(nodes: readonly N[], common: CommonType | undefined): readonly N[] | undefined {
  if (common === undefined) return nodes;
  const aligned: N[] = [];
  for (const node of nodes) {
    const next = alignedNode(node, common);
    if (next === undefined) return undefined;
    aligned.push(next);
  }
  return aligned;
}

function alignedNode<N extends Node>(node: N, { schema }: CommonType): N | undefined {
  // Null does not fit Connect's types of items, which are not optional.
  if (node.type === 'null') return undefined;
  if (schema === undefined || node.type === 'array' || node.type === 'map') return node;
  const scalar = converted(node, schema);
  return scalar && { ...node, ...scalar, type: scalar.schema.type };
}

/** The node's schema if it describes all that is in it. */
export function describingSchema(node: Node): Schema | null {
  return node.type !== 'null' && node.schema !== undefined && fits(node, node.schema) ? node.schema : null;
}

/** Empty arrays and maps fit those of any items, and dates and times each type that holds them. */
function fits(node: Node, schema: Schema): boolean {
  if (node.type === 'array') return schema.type === 'array' && node.items.every(item => fits(item, schema.items));
  if (node.type === 'map')
    return (
      schema.type === 'map' &&
      node.entries.every(([key, value]) => fits(key, schema.keys) && fits(value, schema.values))
    );
  if (node.type === 'null') return false;
  return node.schema === schema || (node.value instanceof Date && holds(schema, node.value));
}

// One schema object for each type: converters cache what they compile by it.
const arraySchemas = new WeakMap<Schema, Schema>();
const mapSchemas = new WeakMap<Schema, WeakMap<Schema, Schema>>();

function arraySchema(items: Schema | undefined): Schema | undefined {
  return items && remembered(arraySchemas, items, () => arrayOf(items));
}

function mapSchema(keys: Schema | undefined, values: Schema | undefined): Schema | undefined {
  if (keys === undefined || values === undefined) return undefined;
  const ofKeys = remembered(mapSchemas, keys, () => new WeakMap<Schema, Schema>());
  return remembered(ofKeys, values, () => mapOf(keys, values));
}

function remembered<V>(
  cache: { get(key: Schema): V | undefined; set(key: Schema, value: V): unknown },
  key: Schema,
  make: () => V,
): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

/** The same text for keys that are equal in Java, and only for them. */
function identity({ type, schema, value }: ScalarNode): string {
  if (type === 'string') return JSON.stringify(value);
  return value instanceof Date ? `@${value.getTime()}` : `${type} ${headerText(schema, value)}`;
}

/** The value in the form that it has with its schema, or without one. */
export function connectValue(node: Node, hasSchema: boolean): Value {
  switch (node.type) {
    case 'null':
      return null;
    case 'array':
      return node.items.map(item => connectValue(item, hasSchema));
    case 'map':
      return new Map(
        node.entries.map(([key, value]) => [connectValue(key, hasSchema), connectValue(value, hasSchema)]),
      );
    default:
      return hasSchema ? node.value : plain(node);
  }
}

/** Without a schema integers beyond 2^53 alone are bigint, and a float is the double of the same digits. */
function plain({ type, value }: ScalarNode): Value {
  if (type === 'float32') return Float64.of(Number(javaFloat(value as number)));
  if (type === 'float64') return Float64.of(value as number);
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
