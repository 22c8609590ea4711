import { expect, test } from 'vitest';
import { between } from './docs.ts';

const page = 'before\n<!-- idle -->\nold\n<!-- /idle -->\nafter\n';

test('only what is between the marks changes, however often', () => {
  const once = between(page, 'idle', 'new\n');
  expect(once).toBe('before\n<!-- idle -->\n\nnew\n\n<!-- /idle -->\nafter\n');
  expect(between(once, 'idle', 'new\n')).toBe(once);
});

test('a page without the marks is left alone, and the error says which to add', () => {
  expect(() => between(page, 'reaction', 'new')).toThrow('<!-- /reaction -->');
});
