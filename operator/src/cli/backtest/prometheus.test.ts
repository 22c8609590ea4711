import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { PrometheusSource } from './options.ts';
import { PrometheusError, readHistory } from './prometheus.ts';
import { parseScalerFile } from './scaler-file.ts';

const scaler = (topics: string) =>
  parseScalerFile(
    'scaler.yaml',
    `kind: KafkaConsumerScaler
metadata: {name: orders, namespace: shop}
spec:
  scaleTargetRef: {name: orders}
  maxReplicas: 24
  kafka: {bootstrapServers: ['kafka:9092']}
  consumer: {group: orders, topics: ${topics}}
  sizing: {lagPerReplica: {value: 100}}`,
  );

interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}
type Answer = (form: URLSearchParams, response: ServerResponse) => void;

let stop: () => void = () => undefined;
afterEach(() => stop());

/** A server that answers like Prometheus, and what it was asked. */
async function prometheus(answer: Answer) {
  const asked: Asked[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const form = new URLSearchParams(await text(request));
    asked.push({ path: request.url, authorization: request.headers.authorization, form });
    answer(form, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { asked, url: new URL(`http://127.0.0.1:${port}/`) };
}

function matrix(...series: readonly (readonly (readonly [number, string])[])[]): object {
  const result = series.map((values) => ({ metric: {}, values }));
  return { status: 'success', data: { resultType: 'matrix', result } };
}

const json =
  (of: (query: string) => object, status = 200): Answer =>
  (form, response) =>
    response.writeHead(status).end(JSON.stringify(of(form.get('query') ?? '')));

function source(url: URL, change: Partial<PrometheusSource> = {}): PrometheusSource {
  return {
    kind: 'prometheus',
    url,
    query: undefined,
    lastSeconds: 3600,
    stepSeconds: 60,
    timeoutMs: 5000,
    token: undefined,
    ...change,
  };
}

const now = 1_790_003_600;

test('asks kafka_exporter for the topics of the scaler, over the range that was named', async () => {
  const { asked, url } = await prometheus(
    json(() =>
      matrix([
        [1_790_000_000, '12.5'],
        [1_790_000_060, 'NaN'],
        [1_790_000_120, '14'],
      ]),
    ),
  );
  const points = await readHistory(source(url), scaler('[orders.v1, refunds]'), now);
  expect(points).toEqual([
    { seconds: 1_790_000_000, recordsPerSecond: 12.5 },
    { seconds: 1_790_000_120, recordsPerSecond: 14 },
  ]);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.path).toBe('/api/v1/query_range');
  expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
    query: 'sum(rate(kafka_topic_partition_current_offset{topic=~"orders\\\\.v1|refunds"}[5m]))',
    start: '1790000000',
    end: '1790003600',
    step: '60',
  });
});

test('without an answer to that it asks for the metric of lagscaler', async () => {
  const { asked, url } = await prometheus(
    json((query) => (query.includes('lagscaler') ? matrix([[now, '3']]) : matrix())),
  );
  expect(await readHistory(source(url), scaler('[orders]'), now)).toHaveLength(1);
  expect(asked[1]?.form.get('query')).toMatch(/\{namespace="shop",name="orders"\}/);
});

test('a query of the user is the only one, under the path of the URL and with the token', async () => {
  const { asked, url } = await prometheus(json(() => matrix([[now, '3']])));
  const named = source(new URL('/prom', url), { query: 'sum(x)', token: 'secret-token' });
  await readHistory(named, scaler('[orders]'), now);
  expect(asked).toMatchObject([
    { path: '/prom/api/v1/query_range', authorization: 'Bearer secret-token' },
  ]);
});

test.for<[string, Answer, Partial<PrometheusSource>, string]>([
  ['nothing found', json(() => matrix()), {}, 'lagscaler: sum('],
  ['nothing found names all', json(() => matrix()), {}, 'kafka_exporter: sum(rate('],
  [
    'more than one series',
    json(() => matrix([[now, '1']], [[now, '2']])),
    { query: 'up' },
    'the query gives 2 series: write sum(…) around it: up',
  ],
  [
    'a mistake in the query',
    json(() => ({ status: 'error', errorType: 'bad_data', error: 'parse error: x' }), 400),
    { query: 'sum(' },
    'parse error: x',
  ],
  [
    'another kind of result',
    json(() => ({ status: 'success', data: { resultType: 'scalar', result: [0, '1'] } })),
    { query: '1' },
    'did not answer with a range of values',
  ],
  [
    'a page that wants a login',
    (_, response) => response.writeHead(401).end('<html>sign in</html>'),
    {},
    'HTTP 401, not an answer of Prometheus: set PROMETHEUS_TOKEN',
  ],
  [
    'a connection that ends in between',
    (_, response) =>
      response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy()),
    {},
    'http://127.0.0.1',
  ],
  ['no answer', () => undefined, { timeoutMs: 50 }, 'no answer within 50 ms'],
])('says what is wrong: %s', async ([, answer, change, message]) => {
  const { url } = await prometheus(answer);
  const failure = await readHistory(source(url, change), scaler('[orders]'), now).catch((e) => e);
  expect(failure).toBeInstanceOf(PrometheusError);
  expect(failure.message).toContain(message);
  expect(failure.message).not.toContain('secret-token');
});

test('nobody listens there', async () => {
  const { url } = await prometheus(() => undefined);
  stop();
  await expect(readHistory(source(url), scaler('[orders]'), now)).rejects.toThrow('ECONNREFUSED');
});

test('a redirect is not followed: it would carry the token elsewhere', async () => {
  const { url, asked } = await prometheus((_, response) =>
    response.writeHead(302, { location: '/elsewhere' }).end(),
  );
  await expect(readHistory(source(url), scaler('[orders]'), now)).rejects.toThrow(PrometheusError);
  expect(asked).toHaveLength(1);
});
