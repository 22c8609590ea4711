import { expect, test } from 'vitest';
import { difference, parseSeries, total, totals } from './prometheus.ts';

const text = `# HELP lagscaler_kube_requests_total Requests to the API server
# TYPE lagscaler_kube_requests_total counter
lagscaler_kube_requests_total{verb="patch",resource="deployments/scale"} 3
lagscaler_kube_requests_total{verb="watch",resource="deployments"} 2
lagscaler_leader 1
process_cpu_seconds_total 1.5e-1
`;

test('series with and without labels are read', () => {
  expect(parseSeries(text)).toEqual([
    {
      name: 'lagscaler_kube_requests_total',
      labels: { verb: 'patch', resource: 'deployments/scale' },
      value: 3,
    },
    {
      name: 'lagscaler_kube_requests_total',
      labels: { verb: 'watch', resource: 'deployments' },
      value: 2,
    },
    { name: 'lagscaler_leader', labels: {}, value: 1 },
    { name: 'process_cpu_seconds_total', labels: {}, value: 0.15 },
  ]);
});

test('totals leave out what has no key', () => {
  const counts = totals(parseSeries(text), 'lagscaler_kube_requests_total', ({ verb }) =>
    verb === 'watch' ? undefined : verb,
  );
  expect(counts).toEqual(new Map([['patch', 3]]));
  expect(total(counts)).toBe(3);
});

test('a difference counts new series from zero and leaves out what stood still', () => {
  const before = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const after = new Map([
    ['a', 4],
    ['b', 2],
    ['c', 5],
  ]);
  expect(difference(before, after)).toEqual(
    new Map([
      ['a', 3],
      ['c', 5],
    ]),
  );
});
