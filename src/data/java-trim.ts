const SPACE = 0x20;

/** True if text[start, end) has only characters up to U+0020, which Java's `String.trim` removes. */
export function isBlank(text: string, start: number, end: number): boolean {
  let i = start;
  while (i < end && text.charCodeAt(i) <= SPACE) i++;
  return i === end;
}

/** Trims a text like Java's `String.trim`. */
export function javaTrim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) <= SPACE) end--;
  return text.slice(start, end);
}
