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
export function payloadSizes(kept: unknown): PayloadSize[] {
  const found: PayloadSize[] = [];
  visit(kept, '', (value, where) => {
    const of = 'data' in value && 'metadata' in value ? Payload : 'stackTrace' in value ? Failure : undefined;
    if (of !== undefined) found.push({ path: where, bytes: of.encode(value as object).finish().length });
  });
  return found.sort((a, b) => b.bytes - a.bytes);
}

/** Every text in it, including texts in payloads. */
export function textsOf(kept: unknown): string[] {
  const texts: string[] = [];
  const gather = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString());
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        texts.push(key);
        gather(inner);
      }
  };
  gather(kept);
  return texts;
}

function visit(value: unknown, where: string, see: (value: object, where: string) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  see(value, where);
  for (const [key, inner] of Object.entries(value)) visit(inner, `${where}.${key}`, see);
}
