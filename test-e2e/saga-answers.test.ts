import { expect, test } from 'vitest';
import { answersWhile } from './saga-answers.ts';
import { until } from './until.ts';

test('an answer that is not 200 is told with its probe, also when another follows', async () => {
  const answers = [200, 503, 200];
  let asked = 0;
  const status = async () => answers[asked++] ?? 200;
  const seen = await answersWhile([[{ name: 'user-service', status }, '/healthz']], () =>
    until('some answers', () => asked > 3).then(() => undefined),
  );
  expect(seen).toEqual([200, '/healthz of user-service: 503']);
});

test('no answer is told too', async () => {
  const status = () => Promise.reject(new TypeError('refused'));
  const seen = await answersWhile([[{ name: 'user-service', status }, '/healthz']], async () => {});
  expect(seen).toEqual(['/healthz of user-service: TypeError: refused']);
});
