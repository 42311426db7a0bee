/**
 * Names stand in workflow ids, which databases of Temporal bound at 255 characters, together with the cluster's name.
 */
const MAX_BYTES = 200;

/** What is wrong with a connector's name, in the words of Connect's validation where it has them. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'String may not be empty';
  if (!name.isWellFormed()) return 'String may not contain half a surrogate pair';
  const control = [...name].map(char => char.codePointAt(0) ?? 0).filter(isControl);
  if (control.length > 0)
    return `String may not contain control sequences but had the following ASCII chars: ${control.join(', ')}`;
  if (/[/\\]/.test(name)) return 'String may not contain / or \\, which no URL can carry in a name';
  if (name === '.' || name === '..') return 'String may not be a path of its own in a URL';
  if (Buffer.byteLength(name) > MAX_BYTES) return `String may not be longer than ${MAX_BYTES} bytes`;
  return undefined;
}

/** Java's isISOControl. */
const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);
