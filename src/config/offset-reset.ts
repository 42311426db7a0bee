import type { ConfigProps } from '../api/component.ts';

/** Kafka's `auto.offset.reset`: the start offset of a partition that has no committed offset. */
export type OffsetReset =
  | { readonly to: 'earliest' | 'latest' | 'none' }
  /** At the first record that is not older than this: KIP-1106. */
  | { readonly to: 'time'; readonly ageMs: number };

const SETTING = 'auto.offset.reset';
const OVERRIDE = `consumer.override.${SETTING}`;

/** Reads `auto.offset.reset`: the connector's override, else the worker's property, else earliest. Throws Error. */
export function offsetReset(props: ConfigProps): OffsetReset {
  const text = props[OVERRIDE] ?? props[`consumer.${SETTING}`] ?? 'earliest';
  const word = text.trim().toLowerCase();
  if (word === 'earliest' || word === 'latest' || word === 'none') return { to: word };
  const [, duration = ''] = /^by_duration:(.*)$/i.exec(text.trim()) ?? [];
  const ageMs = durationMs(duration);
  if (ageMs === undefined)
    throw new Error(
      `Invalid value ${text} for configuration ${SETTING}: it must be earliest, latest, none, or by_duration with a duration, such as by_duration:PT1H`,
    );
  return { to: 'time', ageMs };
}

/** Messages by key. */
export function offsetResetErrors(props: ConfigProps): Record<string, string> {
  try {
    offsetReset({ [OVERRIDE]: props[OVERRIDE] });
    return {};
  } catch (error) {
    return { [OVERRIDE]: (error as Error).message };
  }
}

const DURATION = /^P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{0,9})?)S)?)?$/i;

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; undefined if it is none. */
function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || /[PT]$/i.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(part => Number(part ?? 0));
  return Math.floor((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
