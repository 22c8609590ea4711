import { expect, test } from 'vitest';
import { adopt, initialMemory } from '../memory.ts';
import { afterChange } from './after-write.ts';
import { initialState } from './state.ts';

const freeze = { until: 600_000, step: 1, revertTo: 4, consumption: 4000 };
const frozen = { ...initialState, freeze };
const written = { at: 0, from: 8, to: 4, isByPerson: false, isTry: false };

test('a scale-up that did not help is taken back once; the freeze goes on', () => {
  expect(afterChange(frozen, written).freeze).toEqual({ ...freeze, revertTo: undefined });
});

test('a size that somebody else has set is not taken back', () => {
  const memory = initialMemory({ now: 0, replicas: 8, sizing: frozen });
  expect(adopt(memory, 1000, 16).sizing?.freeze).toEqual({ ...freeze, revertTo: undefined });
});
