/** A load that is played to real consumers and to simulated ones. */
export interface RealityTrace {
  readonly name: string;
  readonly seconds: number;
  readonly startReplicas: number;
  /** Records per second. */
  rate(seconds: number): number;
}

const day = 840;
const burst = { from: 180, to: 360 };

/** A day and a burst in 12 to 14 minutes, for consumers of 5 records/s. */
export const realityTraces: readonly RealityTrace[] = [
  {
    name: 'diurnal',
    seconds: day,
    startReplicas: 3,
    rate: (t) => 27.5 - 17.5 * Math.cos((2 * Math.PI * t) / day),
  },
  {
    name: 'burst',
    seconds: 720,
    startReplicas: 3,
    rate: (t) => (t >= burst.from && t < burst.to ? 45 : 10),
  },
];

/** As `lagscaler backtest --trace` reads it: linear between its rows. */
export function csvOf({ seconds, rate }: RealityTrace): string {
  const rows = Array.from({ length: seconds + 1 }, (_, t) => `${t},${rate(t).toFixed(3)}`);
  return `seconds,recordsPerSecond\n${rows.join('\n')}\n`;
}
