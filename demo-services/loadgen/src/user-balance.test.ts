import { expect, test } from 'vitest';
import { createUserCheck, type UserBalance } from './user-balance.ts';

type Seen = readonly [
  state: 'completed' | 'failed',
  uuid?: string | undefined,
  approved?: string | undefined,
];
type Found = Partial<Record<'withoutUser' | 'sharedUser' | 'otherwiseApproved', number>>;

function check(operations: readonly Seen[], remembered?: number): UserBalance {
  const users = createUserCheck(remembered);
  for (const [index, [state, uuid, approved]] of operations.entries()) {
    users.add({ uuid: `operation ${index}`, state, user: { uuid, approved } });
  }
  return users.summary();
}

test.for<[string, readonly Seen[], Found]>([
  ['no operation', [], {}],
  [
    'a user each, decided as the operation ended',
    [
      ['completed', 'a', 'true'],
      ['failed', 'b', 'false'],
    ],
    {},
  ],
  ['no user', [['completed', undefined, 'true']], { withoutUser: 1 }],
  [
    'a user three times',
    [
      ['completed', 'a', 'true'],
      ['failed', 'a', 'false'],
      ['completed', 'a', 'true'],
    ],
    { sharedUser: 2 },
  ],
  ['completed, but rejected', [['completed', 'a', 'false']], { otherwiseApproved: 1 }],
  ['failed, but approved', [['failed', 'a', 'true']], { otherwiseApproved: 1 }],
  ['failed, but pending', [['failed', 'a', 'pending']], { otherwiseApproved: 1 }],
  ['neither user nor decision', [['failed']], { withoutUser: 1, otherwiseApproved: 1 }],
])('%s', ([, operations, found]) => {
  const { examples, ...counts } = check(operations);
  const none = { withoutUser: 0, sharedUser: 0, otherwiseApproved: 0 };
  const balanced = Object.keys(found).length === 0;
  expect(counts).toEqual({ balanced, ...none, ...found });
  expect(examples).toHaveLength(Object.values(found).reduce((sum, count) => sum + count, 0));
});

test('examples are few, however much is wrong', () => {
  const { withoutUser, examples } = check(Array(50).fill(['completed', undefined, 'true']));
  expect(withoutUser).toBe(50);
  expect(examples).toHaveLength(10);
  expect(examples[0]).toMatchObject({ uuid: 'operation 0', problem: 'withoutUser' });
});

test.for([1, 2, 99, 100])('a user given again after %i others is found, remembering 100', (gap) => {
  // From each place within a generation.
  for (let before = 0; before < 200; before += 1) {
    const names = Array.from({ length: before + 1 + gap }, (_, index) => `user ${index}`);
    const operations = [...names, `user ${before}`].map(
      (uuid): Seen => ['completed', uuid, 'true'],
    );
    expect(check(operations, 101).sharedUser).toBe(1);
  }
});

test('what is remembered is bounded: after twice as many others a user is new', () => {
  const names = Array.from({ length: 201 }, (_, index) => `user ${index}`);
  const operations = [...names, 'user 0'].map((uuid): Seen => ['completed', uuid, 'true']);
  expect(check(operations, 100).sharedUser).toBe(0);
});
