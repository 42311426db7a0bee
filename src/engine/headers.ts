import { Bytes } from '../api/bytes.ts';
import type { Converter, Header } from '../api/index.ts';
import type { RawHeader } from '../kafka/port.ts';

/** Buffers are not reused, as records have few headers. Throws DataError. */
export function encodeHeaders(converter: Converter, topic: string, headers: readonly Header[]): readonly RawHeader[] {
  return headers.map(({ key, schema, value }) => {
    const out = new Bytes(64);
    return { key, value: converter.fromConnect(topic, schema, value, out) ? out.view() : null };
  });
}

/** Throws DataError. */
export function decodeHeaders(converter: Converter, topic: string, headers: readonly RawHeader[]): readonly Header[] {
  return headers.map(({ key, value }) => ({ key, ...converter.toConnect(topic, value) }));
}
