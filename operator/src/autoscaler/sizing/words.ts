/** Numbers as a person reads them in a message. */

/** A rate such as `12000/s` or `0.25/s`: three digits, or all before the point. */
export function perSecond(rate: number): string {
  return `${round(rate)}/s`;
}

export function round(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

/** A share such as 0.85 as `85 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(share < 0.1 ? 1 : 0))} %`;
}

export function seconds(value: number): string {
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} s`;
}

export function replicas(count: number): string {
  return count === 1 ? '1 replica' : `${count} replicas`;
}
