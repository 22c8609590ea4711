/**
 * Nearest rank: a value that was measured, never one between two. Of 30 values, the 99th percentile is
 * the greatest.
 * @param p in (0, 1]
 * @throws Error when there are no values
 */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.ceil(p * sorted.length) - 1];
  if (found === undefined)
    throw new Error(`no value at percentile ${p} of ${values.length} values`);
  return found;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
