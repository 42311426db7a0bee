/**
 * Parses JSON with numbers as their source text (`1.50`, `1e3`, 12345678901234567890), like Connect's Jackson for a
 * configuration. Throws SyntaxError with a message that does not quote the text.
 */
export function parseJsonTexts(text: string): unknown {
  try {
    return JSON.parse(text, numberAsText);
  } catch (error) {
    if (!(error instanceof SyntaxError) || error.cause === FORBIDDEN_FIELD) throw error;
    // The message of the engine may quote a secret.
    const location = /\(line \d+ column \d+\)/.exec(error.message)?.[0];
    throw new SyntaxError(location === undefined ? 'not JSON' : `not JSON ${location}`);
  }
}

const FORBIDDEN_FIELD = Symbol('refused');

function numberAsText(key: string, value: unknown, context?: { readonly source: string }): unknown {
  if (key === '__proto__') throw new SyntaxError('JSON with a field named __proto__', { cause: FORBIDDEN_FIELD });
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
