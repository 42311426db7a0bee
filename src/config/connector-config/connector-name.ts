/** Workflow ids contain the name and the cluster's name, and Temporal's databases limit them to 255 characters. */
const MAX_BYTES = 200;

/** Error of an invalid connector name, with Connect's wording where Connect has the check; undefined for a valid name. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'String may not be empty';
  if (!name.isWellFormed()) return 'String may not contain half a surrogate pair';
  const control = [...name].map(char => char.codePointAt(0) ?? 0).filter(isControl);
  if (control.length > 0)
    return `String may not contain control sequences but had the following ASCII chars: ${control.join(', ')}`;
  if (/[/\\]/.test(name)) return 'String may not contain / or \\, which cannot be part of a name in a URL';
  if (name === '.' || name === '..') return 'String may not be . or .., which are relative paths in a URL';
  if (Buffer.byteLength(name) > MAX_BYTES) return `String may not be longer than ${MAX_BYTES} bytes`;
  return undefined;
}

/** Java's `Character.isISOControl`. */
const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);
