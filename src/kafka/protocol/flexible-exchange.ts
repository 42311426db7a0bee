import { Fields, type FieldWriter } from './fields.ts';
import type { Exchange } from './kafkajs-internals.ts';

/**
 * A request of a flexible version (KIP-482), whose header ends with tagged fields, as that of its response does: `body`
 * begins with those of the request's header.
 */
export function flexibleExchange<R>(
  [apiKey, apiVersion]: readonly [key: number, version: number],
  body: FieldWriter,
  read: (fields: Fields) => R,
): Exchange<R> {
  const buffer = body.take();
  return {
    request: { apiKey, apiVersion, encode: async () => ({ buffer }) },
    response: {
      decode: async payload => {
        const fields = new Fields(payload);
        fields.tags();
        return read(fields);
      },
      parse: async decoded => decoded,
    },
  };
}
