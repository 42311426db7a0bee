import type { Schema, Value } from '../../api/index.ts';
import { arrayOf, Float64, javaFloat, mapOf } from '../../api/index.ts';
import { type CommonType, commonType, convertTo, isInRange } from './common-type.ts';
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
  /** Schema that Connect infers, from the last item; undefined if that item determines no schema. */
  readonly schema: Schema | undefined;
  readonly items: readonly Node[];
}
interface MapNode {
  readonly type: 'map';
  readonly schema: Schema | undefined;
  readonly entries: readonly Entry[];
}
export type Entry = readonly [key: ScalarNode, value: Node];

export const NULL_NODE: Node = { type: 'null' };

export const scalarNode = ({ schema, value }: Scalar): ScalarNode => ({ type: schema.type, schema, value });

/** Returns false for arrays, maps and negative zero, which a JavaScript Map cannot hold as keys. */
export const isKey = (node: Node): node is ScalarNode =>
  isNotNull(node) && node.type !== 'array' && node.type !== 'map' && !Object.is(node.value, -0);

/** Returns undefined if Connect cannot convert all items to their common type. */
export function arrayNode(items: readonly Node[]): Node | undefined {
  const type = commonTypeOf(items);
  const aligned = alignNodes(items, type);
  return aligned && { type: 'array', schema: arraySchema(type?.schema), items: aligned };
}

/** Returns undefined if Connect cannot convert all keys, or all values, to their common type. */
export function mapNode(entries: readonly Entry[]): Node | undefined {
  // Includes entries that a later entry with the same key replaces.
  const keyType = commonTypeOf(entries.map(([key]) => key));
  const valueType = keyType && commonTypeOf(entries.map(([, value]) => value));
  const uniqueEntries = deduplicate(entries);
  const keys = alignNodes(
    uniqueEntries.map(([key]) => key),
    keyType,
  );
  const values = alignNodes(
    uniqueEntries.map(([, value]) => value),
    valueType,
  );
  if (keys === undefined || values === undefined) return undefined;
  const aligned = keys.map((key, i): Entry => [key, values[i] ?? NULL_NODE]);
  return { type: 'map', schema: mapSchema(keyType?.schema, valueType?.schema), entries: deduplicate(aligned) };
}

/** Merges entries with equal keys into one, at the position of the first and with the value of the last. */
function deduplicate(entries: readonly Entry[]): readonly Entry[] {
  const byKey = new Map<string, Entry>();
  for (const [key, value] of entries) {
    const id = keyIdentity(key);
    byKey.set(id, [byKey.get(id)?.[0] ?? key, value]);
  }
  return [...byKey.values()];
}

const isNotNull = (node: Node): node is ScalarNode | ArrayNode | MapNode => node.type !== 'null';

const commonTypeOf = (nodes: readonly Node[]) => commonType(nodes.filter(isNotNull));

/** Returns undefined if Connect cannot convert all nodes to the common type. */
function alignNodes<N extends Node>(nodes: readonly N[], common: CommonType | undefined): readonly N[] | undefined {
  if (common === undefined) return nodes;
  const aligned: N[] = [];
  for (const node of nodes) {
    const next = alignNode(node, common);
    if (next === undefined) return undefined;
    aligned.push(next);
  }
  return aligned;
}

function alignNode<N extends Node>(node: N, { schema }: CommonType): N | undefined {
  // Connect's inferred item schemas are not optional, so null does not match them.
  if (node.type === 'null') return undefined;
  if (schema === undefined || node.type === 'array' || node.type === 'map') return node;
  const scalar = convertTo(node, schema);
  return scalar && { ...node, ...scalar, type: scalar.schema.type };
}

/** The node's schema if it matches everything inside the node, else null. */
export function matchingSchema(node: Node): Schema | null {
  return node.type !== 'null' && node.schema !== undefined && matchesSchema(node, node.schema) ? node.schema : null;
}

/** Empty arrays and maps match any item schema; dates and times match each type whose range includes them. */
function matchesSchema(node: Node, schema: Schema): boolean {
  if (node.type === 'array')
    return schema.type === 'array' && node.items.every(item => matchesSchema(item, schema.items));
  if (node.type === 'map')
    return (
      schema.type === 'map' &&
      node.entries.every(([key, value]) => matchesSchema(key, schema.keys) && matchesSchema(value, schema.values))
    );
  if (node.type === 'null') return false;
  return node.schema === schema || (node.value instanceof Date && isInRange(schema, node.value));
}

// One schema object for each type, because converters cache compiled encoders by schema object.
const arraySchemas = new WeakMap<Schema, Schema>();
const mapSchemas = new WeakMap<Schema, WeakMap<Schema, Schema>>();

function arraySchema(items: Schema | undefined): Schema | undefined {
  return items && getOrCreate(arraySchemas, items, () => arrayOf(items));
}

function mapSchema(keys: Schema | undefined, values: Schema | undefined): Schema | undefined {
  if (keys === undefined || values === undefined) return undefined;
  const schemasByValue = getOrCreate(mapSchemas, keys, () => new WeakMap<Schema, Schema>());
  return getOrCreate(schemasByValue, values, () => mapOf(keys, values));
}

function getOrCreate<V>(
  cache: { get(key: Schema): V | undefined; set(key: Schema, value: V): unknown },
  key: Schema,
  create: () => V,
): V {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const created = create();
  cache.set(key, created);
  return created;
}

/** Returns equal texts exactly for keys that are equal in Java. */
function keyIdentity({ type, schema, value }: ScalarNode): string {
  if (type === 'string') return JSON.stringify(value);
  return value instanceof Date ? `@${value.getTime()}` : `${type} ${headerText(schema, value)}`;
}

/** The node's value in Connect's form, which for numbers depends on the presence of a schema. */
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
      return hasSchema ? node.value : schemalessValue(node);
  }
}

/** Without a schema, only integers beyond 2^53 are bigint, and a float becomes the double with the same digits. */
function schemalessValue({ type, value }: ScalarNode): Value {
  if (type === 'float32') return Float64.of(Number(javaFloat(value as number)));
  if (type === 'float64') return Float64.of(value as number);
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
