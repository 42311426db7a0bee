/**
 * JSON whose numbers are the texts that they were written as (`1.50`, `1e3`, 12345678901234567890), as Connect's Jackson
 * reads them into a configuration. Throws SyntaxError; its message has no piece of the text in it.
 */
export function parseJsonTexts(text: string): unknown {
  try {
    return JSON.parse(text, numberAsText);
  } catch (error) {
    if (!(error instanceof SyntaxError) || error.cause === refused) throw error;
    // The engine's own message may quote a secret.
    const where = /\(line \d+ column \d+\)/.exec(error.message)?.[0];
    throw new SyntaxError(where === undefined ? 'not JSON' : `not JSON ${where}`);
  }
}

const refused = Symbol('refused');

function numberAsText(key: string, value: unknown, context?: { readonly source: string }): unknown {
  if (key === '__proto__') throw new SyntaxError('JSON with a field named __proto__', { cause: refused });
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
