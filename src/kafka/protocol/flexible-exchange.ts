import { FieldReader, type FieldWriter } from './fields.ts';
import type { Exchange } from './kafkajs-internals.ts';

/**
 * Exchange of a flexible version (KIP-482). The headers of request and response end with tagged fields; `body` starts with those of
 * the request's header.
 */
export function flexibleExchange<R>(
  [apiKey, apiVersion]: readonly [key: number, version: number],
  body: FieldWriter,
  read: (fields: FieldReader) => R,
): Exchange<R> {
  const buffer = body.take();
  return {
    request: { apiKey, apiVersion, encode: async () => ({ buffer }) },
    response: {
      decode: async payload => {
        const fields = new FieldReader(payload);
        fields.tags();
        return read(fields);
      },
      parse: async decoded => decoded,
    },
  };
}
