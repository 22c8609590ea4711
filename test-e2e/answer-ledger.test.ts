import { expect, test } from 'vitest';
import { createLedger } from './answer-ledger.ts';

test('the tally of a run with every kind of answer', () => {
  const ledger = createLedger();
  for (const uuid of ['a', 'b', 'c', 'd', 'e'])
    ledger.expect(uuid, uuid === 'b' ? 'false' : 'true');
  ledger.answer('a', 'true'); // sooner than the acknowledgement
  for (const uuid of ['a', 'b', 'c', 'd']) ledger.acknowledge(uuid);
  ledger.answer('b', 'false');
  ledger.answer('b', 'false');
  ledger.answer('c', 'false');
  ledger.answer('c', 'false');
  ledger.answer('foreign', 'true');
  expect(ledger.tally()).toEqual({
    answered: 3,
    approved: 1,
    rejected: 2,
    lost: 1, // d; e was never acknowledged
    duplicated: 2,
    wrong: 1, // c, once
  });
});

test('an answer that is neither is wrong', () => {
  const ledger = createLedger();
  ledger.expect('a', 'true');
  ledger.answer('a', undefined);
  expect(ledger.tally()).toMatchObject({ answered: 1, approved: 0, rejected: 0, wrong: 1 });
});
