import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ApprovalConfig } from './config.ts';
import { decide } from './rules.ts';

const config: ApprovalConfig = { rule: 'denylist', denylist: new Set(['mallory']), ratio: 0.9 };
const user = '6d232092-dceb-419f-bff1-2d686eace56c';

test.for([
  ['approve approves everyone', { rule: 'approve' }, 'mallory', 'true'],
  ['reject rejects everyone', { rule: 'reject' }, 'hans', 'false'],
  ['the denylist lets others pass', {}, 'hans', 'true'],
  ['the denylist rejects its names', {}, 'mallory', 'false'],
  ['the denylist ignores case and blanks around', {}, ' MALLory ', 'false'],
  ['the denylist means the whole name', {}, 'mallory jr', 'true'],
  ['ratio 1 approves everyone', { rule: 'ratio', ratio: 1 }, 'mallory', 'true'],
  ['ratio 0 rejects everyone', { rule: 'ratio', ratio: 0 }, 'hans', 'false'],
] as const)('%s', ([, change, name, decision]) => {
  expect(decide({ name, uuid: user }, { ...config, ...change })).toBe(decision);
});

test('the share of a user is the first four bytes of the SHA-256 of the uuid', () => {
  // printf %s abc | sha256sum begins with ba7816bf: 3128432319 / 2^32 = 0.72839…
  const at = (ratio: number) =>
    decide({ name: 'hans', uuid: 'abc' }, { ...config, rule: 'ratio', ratio });
  expect(at(0.7284)).toBe('true');
  expect(at(0.7283)).toBe('false');
});

test('ratio approves about its share of many users', () => {
  const approved = Array.from({ length: 5_000 }, () =>
    decide({ name: 'hans', uuid: randomUUID() }, { ...config, rule: 'ratio' }),
  ).filter((decision) => decision === 'true').length;
  expect(approved / 5_000).toBeGreaterThan(0.87);
  expect(approved / 5_000).toBeLessThan(0.93);
});
