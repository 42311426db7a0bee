/** Treatment of one setting of Kafka's Java clients. */
export interface SettingRule {
  /** Reason for rejecting a value, and the alternative; undefined for a value that has its documented effect. */
  problemWith(value: string): string | undefined;
}

/** A setting with full support: each value has the same effect as in Kafka. */
export const anyValue: SettingRule = { problemWith: () => undefined };

/** A setting for which only these values match the behavior. `reason` states the alternative. */
export const onlyValues = (values: readonly string[], reason: string): SettingRule => ({
  problemWith: value => (values.includes(value) ? undefined : reason),
});

/** An integer from `min` to `max`; the default maximum is that of Java's int. */
export const integerBetween = (min: number, max = 2 ** 31 - 1): SettingRule => ({
  problemWith: value =>
    /^\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `it must be an integer from ${min} to ${max}`,
});

export const oneOf = (words: readonly string[]): SettingRule => ({
  problemWith: value => (words.includes(value) ? undefined : `it must be one of ${words.join(', ')}`),
});

/** A rule for a setting that ignores case. */
export const caseInsensitive = ({ problemWith }: SettingRule): SettingRule => ({
  problemWith: value => problemWith(value.toLowerCase()),
});
