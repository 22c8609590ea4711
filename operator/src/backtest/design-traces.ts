import { mulberry32, normalFrom, type Random } from './random.ts';
import {
  defaultStartMs,
  ratesBetween,
  scaledToPeak,
  type Trace,
  type TracePoint,
} from './trace.ts';

/**
 * The traces that the decision was designed on, regenerated and not stored: six daily or shorter cycles
 * fitted to published workloads, and four synthetic ones.
 */
const day = 86_400;
const hour = 3600;
const minute = 60;

/** A mean, four harmonics of a period, and a residual with memory. */
interface Cycle {
  readonly mean: number;
  /** Cosine and sine of the first, second, … harmonic. */
  readonly harmonics: readonly (readonly [a: number, b: number])[];
  /** Standard deviation of the residual, and how much of it stays from step to step. */
  readonly residual: { readonly sigma: number; readonly phi: number };
  readonly stepSeconds: number;
  readonly periodSeconds: number;
  readonly lengthSeconds: number;
}

const threeDays = { stepSeconds: 300, periodSeconds: day, lengthSeconds: 3 * day };

const cycles: Readonly<Record<string, Cycle>> = {
  wiki_en: {
    mean: 0.46,
    harmonics: [
      [-0.008, -0.174],
      [-0.029, 0.072],
      [-0.026, 0.009],
      [-0.016, 0.025],
    ],
    residual: { sigma: 0.065, phi: 0.77 },
    ...threeDays,
  },
  retailrocket: {
    mean: 0.429,
    harmonics: [
      [0.05, -0.22],
      [0.038, 0.076],
      [0.01, 0.012],
      [0.003, 0.03],
    ],
    residual: { sigma: 0.081, phi: 0.66 },
    ...threeDays,
  },
  taxi: {
    mean: 0.523,
    harmonics: [
      [-0.066, -0.194],
      [0.004, -0.123],
      [0.041, 0.009],
      [-0.008, 0.017],
    ],
    residual: { sigma: 0.111, phi: 0.99 },
    ...threeDays,
  },
  google: {
    mean: 0.288,
    harmonics: [
      [0.072, 0.033],
      [-0.022, -0.005],
      [-0.004, -0.017],
      [0.014, 0.007],
    ],
    residual: { sigma: 0.081, phi: 0.56 },
    ...threeDays,
  },
  IoT: {
    mean: 0.316,
    harmonics: [
      [-0.072, -0.122],
      [-0.154, -0.068],
      [0.03, 0.048],
      [0.038, 0.067],
    ],
    residual: { sigma: 0.12, phi: 0.998 },
    ...threeDays,
  },
  ADS: {
    mean: 0.488,
    harmonics: [
      [-0.121, 0.041],
      [-0.071, 0.031],
      [0.008, 0.02],
      [-0.01, -0.045],
    ],
    residual: { sigma: 0.131, phi: 0.999 },
    stepSeconds: 1,
    periodSeconds: 21_600,
    lengthSeconds: 64_800,
  },
};

interface Generator {
  readonly seed: number;
  readonly generate: (random: Random, peak: number) => Float64Array;
}

const generators: Readonly<Record<string, Generator>> = {
  ...Object.fromEntries(Object.entries(cycles).map(([name, cycle]) => [name, fromCycle(cycle)])),
  'diurnal+burst': { seed: 7, generate: diurnalWithBursts },
  cosine: { seed: 7, generate: cosineWithSpikes },
  step5x: { seed: 7, generate: (_, peak) => eachSecond(6 * hour, (t) => peak * stepAt(t)) },
  'nightly-batch': {
    seed: 7,
    generate: (_, peak) => eachSecond(2 * day, (t) => peak * batchAt(t % day)),
  },
};

export const designTraceNames: readonly string[] = Object.keys(generators);

/**
 * @param seed of the residuals and bursts; absent: the one the design used
 * @param peak the largest rate, records per second
 * @returns undefined when there is no such trace
 */
export function designTrace(name: string, seed?: number, peak = 15_000): Trace | undefined {
  const generator = generators[name];
  if (!generator) return undefined;
  const random = mulberry32(seed ?? generator.seed);
  return { name, startMs: defaultStartMs, rates: generator.generate(random, peak) };
}

function fromCycle(cycle: Cycle): Generator {
  return {
    seed: 1,
    generate: (random, peak) => scaledToPeak(ratesBetween(pointsOf(cycle, random)), peak),
  };
}

function pointsOf(cycle: Cycle, random: Random): readonly TracePoint[] {
  const { residual, stepSeconds, lengthSeconds } = cycle;
  const { sigma, phi } = residual;
  const innovation = sigma * Math.sqrt(1 - phi * phi);
  const points: TracePoint[] = [];
  let e = sigma * normalFrom(random);
  for (let seconds = 0; seconds <= lengthSeconds; seconds += stepSeconds) {
    e = phi * e + innovation * normalFrom(random);
    points.push({ seconds, recordsPerSecond: Math.max(0.05, regularPart(cycle, seconds) + e) });
  }
  return points;
}

function regularPart({ mean, harmonics, periodSeconds }: Cycle, seconds: number): number {
  return harmonics.reduce((sum, [a, b], i) => {
    const angle = (2 * Math.PI * (i + 1) * seconds) / periodSeconds;
    return sum + (a * Math.cos(angle) + b * Math.sin(angle));
  }, mean);
}

function eachSecond(length: number, rateAt: (t: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, t) => rateAt(t));
}

const stepLevels = [0.15, 0.75, 0.15, 0.9, 0.3, 0.15];

function stepAt(t: number): number {
  return stepLevels[Math.floor(t / hour)] ?? 0;
}

function batchAt(timeOfDay: number): number {
  if (within(timeOfDay, 2 * hour, 45 * minute)) return 0.95;
  return within(timeOfDay, 13 * hour, 20 * minute) ? 0.7 : 0.04;
}

/** From the first second after the start on, as the checksums have it. */
function within(time: number, start: number, length: number): boolean {
  return time > start && time < start + length;
}

function diurnalWithBursts(random: Random, peak: number): Float64Array {
  let burstEnd = 0;
  return eachSecond(2 * day, (t) => {
    const level = 0.35 - 0.25 * Math.cos((2 * Math.PI * t) / day);
    if (t >= burstEnd && random() < 1 / 9000) burstEnd = t + 180 + Math.floor(600 * random());
    return peak * (t < burstEnd ? Math.min(1, 2.2 * level) : level);
  });
}

function cosineWithSpikes(random: Random, peak: number): Float64Array {
  const points: TracePoint[] = [];
  let spikeMinutes = 0;
  for (let i = 0; i < 18 * 60; i++) {
    let rate = 150 + 100 * Math.cos((2 * Math.PI * i) / 60) + (20 * random() - 10);
    if (spikeMinutes > 0) {
      spikeMinutes--;
      rate += 50 + 50 * random();
    } else if (random() < 0.02) spikeMinutes = 1 + Math.floor(3 * random());
    points.push({ seconds: i * minute, recordsPerSecond: rate });
  }
  return scaledToPeak(ratesBetween(points), peak);
}
