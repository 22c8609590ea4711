import { expect, test } from 'vitest';
import { type LabelSelector, selectorText } from './label-selector.ts';

test.for<[string, LabelSelector, string | undefined]>([
  ['labels', { matchLabels: { app: 'orders', tier: 'back' } }, 'app=orders,tier=back'],
  [
    'expressions',
    {
      matchLabels: { app: 'orders' },
      matchExpressions: [
        { key: 'zone', operator: 'In', values: ['a', 'b'] },
        { key: 'canary', operator: 'NotIn', values: ['yes'] },
        { key: 'app.kubernetes.io/name', operator: 'Exists' },
        { key: 'legacy', operator: 'DoesNotExist', values: [] },
      ],
    },
    'app=orders,zone in (a,b),canary notin (yes),app.kubernetes.io/name,!legacy',
  ],
  ['an empty selector selects nothing, rather than every pod', {}, undefined],
])('%s', ([, selector, text]) => expect(selectorText(selector)).toBe(text));
