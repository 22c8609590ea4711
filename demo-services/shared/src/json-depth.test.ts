import { expect, test } from 'vitest';
import { depthOf } from './json-depth.ts';

test.for([
  ['a number', '1', 0],
  ['an empty object', '{}', 1],
  ['lists beside one another', '[[],[],[]]', 2],
  ['objects in lists', '{"a":[{"b":[]}]}', 4],
  ['brackets in a text', '["[[[{{{"]', 1],
  ['brackets behind a quote in a text', '["\\"[[[","\\\\",[]]', 2],
  ['a text without an end', '["[[[', 1],
  ['brackets that never close', '[[[', 3],
  ['nothing', '', 0],
] as const)('%s', ([, text, depth]) => {
  expect(depthOf(text)).toBe(depth);
});
