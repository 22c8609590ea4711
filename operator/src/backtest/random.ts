/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** The generator of the design traces: small, fast and the same everywhere. */
export function mulberry32(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * One of many independent streams of a seed: what a controller does must not change the arrivals of the
 * same seed, or two controllers could not be compared on them.
 */
export function streamOf(seed: number, stream: number): Random {
  return mulberry32(seed + Math.imul(stream, 0x9e3779b9));
}

/** One value of the standard normal distribution, from two uniform ones. */
export function normalFrom(random: Random): number {
  const u1 = random();
  const u2 = random();
  return Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2);
}

/** The same at half the price: two values from two uniform ones. */
export function normals(random: Random): Random {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Below this mean a rounded normal value that is cut at 0 would be too large on average. */
const smallMean = 10;

/** How many records arrive in a second with this mean. */
export function arrivals(mean: number, random: Random, normal: Random): number {
  if (mean >= smallMean) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  return mean > 0 ? poisson(mean, random) : 0;
}

function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
