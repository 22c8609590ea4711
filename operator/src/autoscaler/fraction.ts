import type { Fraction } from './types.ts';

/**
 * An exact fraction from a decimal such as "0.1".
 * @returns undefined when the text is not a plain, non-negative decimal
 */
export function parseDecimal(text: string): Fraction | undefined {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  const [, whole = '', decimals = ''] = match;
  return { numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) };
}

/** Smallest integer that is at least `numerator / denominator`; both non-negative. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** `numerator / denominator` for a person: one decimal, two below 2 so that 1.05 differs from 1.10. */
export function formatRatio(numerator: bigint, denominator: bigint): string {
  const digits = numerator < 2n * denominator ? 2 : 1;
  const scale = 10n ** BigInt(digits);
  const rounded = (2n * numerator * scale + denominator) / (2n * denominator);
  return `${rounded / scale}.${(rounded % scale).toString().padStart(digits, '0')}`;
}
