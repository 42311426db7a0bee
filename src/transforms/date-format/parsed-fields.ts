/** Fields of Java's Calendar. `hour` is one of twelve, `hourOfDay` of 24; `weekday` and `month` are from 0. */
export type FieldName =
  | 'era'
  | 'year'
  | 'weekYear'
  | 'month'
  | 'weekOfYear'
  | 'weekOfMonth'
  | 'day'
  | 'dayOfYear'
  | 'weekday'
  | 'weekdayInMonth'
  | 'half'
  | 'hour'
  | 'hourOfDay'
  | 'minute'
  | 'second'
  | 'millisecond';

const weekFields: readonly FieldName[] = ['weekOfYear', 'weekOfMonth', 'weekday', 'weekdayInMonth'];

/** Fields that a text sets. Where they contradict each other, Java takes those that were set last. */
export class ParsedFields {
  readonly #values: Partial<Record<FieldName, number>> = {};
  readonly #order: FieldName[] = [];
  hasNoWeeks = true;
  /** Minutes that a time zone of the text is ahead of UTC. */
  offset: number | undefined;
  /** First year for which the offset holds. */
  offsetSince: number | undefined;

  set(field: FieldName, value: number): void {
    this.#values[field] = value;
    this.#order.push(field);
    if (weekFields.includes(field)) this.hasNoWeeks = false;
  }

  /** Changes a value, not when it was set. */
  add(field: FieldName, amount: number): void {
    this.#values[field] = this.get(field, 0) + amount;
  }

  get(field: FieldName, fallback: number): number {
    return this.#values[field] ?? fallback;
  }

  has(field: FieldName): boolean {
    return this.#values[field] !== undefined;
  }

  /** A number that is greater for fields that were set later; 0 for fields that were not set. */
  stamp(field: FieldName): number {
    return this.#order.lastIndexOf(field) + 1;
  }

  /** The later of two fields that only count together. */
  together(one: FieldName, other: FieldName): number {
    return this.has(one) && this.has(other) ? Math.max(this.stamp(one), this.stamp(other)) : 0;
  }
}
