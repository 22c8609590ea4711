import { afterEach, expect, test } from 'vitest';
import { SkippingClock } from './fakes.ts';
import { RevivalWatch } from './revival.ts';

const brokers = [1, 2].map((port) => ({ host: 'kafka', port }));
const clock = new SkippingClock();
/** Pauses of the watch take no time here. */
const hurried = {
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  after: (_: number, f: () => void) => clock.after(0, f),
};

let watch: RevivalWatch | undefined;
afterEach(() => watch?.stop());

test('a paused broker is reported the moment it goes on', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let checks = 0;
  watch = new RevivalWatch(hurried, () => {
    checks += 1;
    return promise;
  });
  const revived = new Promise<void>((report) => watch?.start(brokers, report));
  clock.skip(10_000);
  resolve();
  await revived;
  expect(checks).toBe(brokers.length);
});

test('a killed broker is reported when it accepts connections again', async () => {
  let refusals = 5;
  watch = new RevivalWatch(hurried, async ({ port }) => {
    if (port === 2 || refusals-- > 0) throw new Error('refused');
  });
  await new Promise<void>((report) => watch?.start(brokers, report));
  expect(refusals).toBe(-1);
});

test('a broker that reacts at once was not gone: only the back-off helps', async () => {
  let reported = false;
  const checked = new Promise<void>((done) => {
    watch = new RevivalWatch(hurried, async () => done());
    watch.start(brokers, () => {
      reported = true;
    });
  });
  await checked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(reported).toBe(false);
});

test('stop ends the checks', async () => {
  const aborted: boolean[] = [];
  watch = new RevivalWatch(hurried, (_, signal) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(true);
        reject(new Error('aborted'));
      });
    });
  });
  watch.start(brokers, () => expect.unreachable());
  watch.stop();
  expect(aborted).toEqual([true, true]);
});
