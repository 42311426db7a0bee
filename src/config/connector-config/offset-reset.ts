/** Kafka's `auto.offset.reset`: the start offset of a partition that has no committed offset. */
export type OffsetReset =
  | { readonly to: 'earliest' | 'latest' | 'none' }
  /** Starts at the first record that is at most this old (KIP-1106). */
  | { readonly to: 'time'; readonly ageMs: number };

/** Parses a value of `auto.offset.reset`; undefined for a value that Kafka rejects. */
export function offsetReset(text: string): OffsetReset | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'earliest' || word === 'latest' || word === 'none') return { to: word };
  const [, duration = ''] = /^by_duration:(.*)$/i.exec(text.trim()) ?? [];
  const ageMs = durationMs(duration);
  return ageMs === undefined ? undefined : { to: 'time', ageMs };
}

const DURATION = /^P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{0,9})?)S)?)?$/i;

/** Parses an ISO 8601 duration of days, hours, minutes and seconds to milliseconds; undefined if it is invalid. */
function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || /[PT]$/i.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(part => Number(part ?? 0));
  return Math.floor((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
