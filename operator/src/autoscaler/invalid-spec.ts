/**
 * A spec that cannot be served. The schema refuses most of these already; what reaches the core gets
 * the same kind of answer: the field at fault, and what to do.
 */
export class InvalidSpecError extends Error {
  override readonly name = 'InvalidSpecError';
  /** Path below spec, e.g. `consumer.partitions`. */
  readonly field: string;
  constructor(field: string, problem: string, options?: { cause?: unknown }) {
    super(`${field} ${problem}`, options);
    this.field = field;
  }
}
