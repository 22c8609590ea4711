import { expect, test } from 'vitest';
import { idleWithoutDigest, withoutDigest } from './images.ts';

test('D7: an image that is exempt from a digest, but used nowhere, is a problem', () => {
  const all = [...withoutDigest];
  expect(idleWithoutDigest([...all, 'others'])).toEqual([]);
  expect(idleWithoutDigest(all.slice(1))).toEqual([expect.stringContaining(`"${all[0]}"`)]);
});
