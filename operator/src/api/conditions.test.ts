import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Condition, reasons, setCondition } from './conditions.ts';

test('the runbook knows every reason', () => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  expect(reasons.filter((reason) => !runbook.includes(`\`${reason}\``))).toEqual([]);
});

const before: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Reconciled',
  message: 'fine',
  lastTransitionTime: '2026-01-01T00:00:00.000Z',
  observedGeneration: 1,
};
const at = { time: '2026-01-02T00:00:00.000Z', generation: 2 };

test.for([
  ['a new reason of the same status keeps the transition time', 'True', before.lastTransitionTime],
  ['a new status moves it', 'False', at.time],
] as const)('%s', ([, status, lastTransitionTime]) => {
  const finding = { type: 'Ready', status, reason: 'InvalidSpec', message: 'no' } as const;
  const expected = { ...finding, lastTransitionTime, observedGeneration: 2 };
  expect(setCondition([before], finding, at)).toEqual(expected);
});
