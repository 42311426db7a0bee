/** Treatment of one setting of Kafka's Java clients. */
export interface Rule {
  /** Why a value is refused, and its alternative; undefined for a value that takes its documented effect. */
  refuses(value: string): string | undefined;
}

/** A setting that every value of takes effect, or has none under the conditions in which Kafka gives it none. */
export const any: Rule = { refuses: () => undefined };

/** A setting of which only these values describe the behaviour. reason: a sentence that names the alternative. */
export const only = (values: readonly string[], reason: string): Rule => ({
  refuses: value => (values.includes(value) ? undefined : reason),
});

/** A whole number from `least` to `most`; default: as Java's int. */
export const whole = (least: number, most = 2 ** 31 - 1): Rule => ({
  refuses: value =>
    /^\d{1,16}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `it must be a whole number from ${least} to ${most}`,
});

export const oneOf = (words: readonly string[]): Rule => ({
  refuses: value => (words.includes(value) ? undefined : `it must be one of ${words.join(', ')}`),
});

/** A rule for a setting that may be spelled in upper or lower case. */
export const lowerCase = ({ refuses }: Rule): Rule => ({ refuses: value => refuses(value.toLowerCase()) });
