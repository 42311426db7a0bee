/** Fields of Java's Calendar. `hour` is 0 to 11, `hourOfDay` 0 to 23; `weekday` and `month` start at 0. */
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

/** Fields that were parsed from a text. If fields contradict each other, Java uses those that were set last. */
export class ParsedFields {
  readonly #values: Partial<Record<FieldName, number>> = {};
  readonly #order: FieldName[] = [];
  hasNoWeeks = true;
  /** Offset of the parsed time zone in minutes ahead of UTC. */
  offset: number | undefined;
  /** First year in which the offset applies. */
  offsetSince: number | undefined;

  set(field: FieldName, value: number): void {
    this.#values[field] = value;
    this.#order.push(field);
    if (weekFields.includes(field)) this.hasNoWeeks = false;
  }

  /** Changes a value without changing its stamp. */
  add(field: FieldName, amount: number): void {
    this.#values[field] = this.get(field, 0) + amount;
  }

  get(field: FieldName, fallback: number): number {
    return this.#values[field] ?? fallback;
  }

  has(field: FieldName): boolean {
    return this.#values[field] !== undefined;
  }

  /** Order in which fields were set, as in Java's Calendar; 0 for fields that were not set. */
  stamp(field: FieldName): number {
    return this.#order.lastIndexOf(field) + 1;
  }

  /** The later stamp of two fields that are only valid together; 0 if one is not set. */
  combinedStamp(one: FieldName, other: FieldName): number {
    return this.has(one) && this.has(other) ? Math.max(this.stamp(one), this.stamp(other)) : 0;
  }
}
