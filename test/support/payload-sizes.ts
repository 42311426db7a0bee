import { temporal } from '@temporalio/proto';

const { Payload } = temporal.api.common.v1;
const { Failure } = temporal.api.failure.v1;

/** A payload or a failure in a history or description, with its size. */
export interface PayloadSize {
  /** Path of field names and list indexes. */
  readonly path: string;
  readonly bytes: number;
}

/** All payloads and failures, largest first. */
export function payloadSizes(root: unknown): PayloadSize[] {
  const sizes: PayloadSize[] = [];
  visit(root, '', (value, path) => {
    const messageType = 'data' in value && 'metadata' in value ? Payload : 'stackTrace' in value ? Failure : undefined;
    if (messageType !== undefined) sizes.push({ path, bytes: messageType.encode(value as object).finish().length });
  });
  return sizes.sort((a, b) => b.bytes - a.bytes);
}

/** Every text in it, including texts in payloads. */
export function textsOf(root: unknown): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString());
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        texts.push(key);
        collect(inner);
      }
  };
  collect(root);
  return texts;
}

function visit(value: unknown, path: string, callback: (value: object, path: string) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  callback(value, path);
  for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`, callback);
}
