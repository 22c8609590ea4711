import { expect, test } from 'vitest';
import { StartLimit } from './starts.ts';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

function ask(limit: StartLimit, name: string, got: string[], signal = never) {
  return limit.acquire(signal).then(
    (giveBack) => {
      got.push(name);
      return giveBack;
    },
    () => got.push(`${name} gave up`),
  );
}

test('no more than the limit start, the others in their order', async () => {
  const limit = new StartLimit(1);
  const got: string[] = [];
  const first = ask(limit, 'a', got);
  void ask(limit, 'b', got);
  void ask(limit, 'c', got);
  await settled();
  expect(got).toEqual(['a']);
  const giveBack = (await first) as () => void;
  giveBack();
  giveBack(); // a turn is given back once only
  await settled();
  expect(got).toEqual(['a', 'b']);
});

test('who gives up loses its place and takes no turn', async () => {
  const limit = new StartLimit(1);
  const got: string[] = [];
  const first = ask(limit, 'a', got);
  const gone = new AbortController();
  void ask(limit, 'b', got, gone.signal);
  void ask(limit, 'c', got);
  gone.abort();
  ((await first) as () => void)();
  await settled();
  expect(got).toEqual(['a', 'b gave up', 'c']);
});
