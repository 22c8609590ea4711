import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { lintManifest, type RuleName, rules } from './lint.ts';

/** D7: what the lint must find, planted one by one in a manifest without fault. */

const digest = '0123456789abcdef'.repeat(4);
const good = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 30
      securityContext: {runAsNonRoot: true, runAsUser: 65532}
      initContainers:
        - {name: init, image: "registry:5000/shop/init:1.2@sha256:${digest}"}
      containers:
        - name: main
          image: "shop@sha256:${digest}"
          livenessProbe: {httpGet: {path: /healthz, port: http}}
          readinessProbe: {httpGet: {path: /readyz, port: http}}
          lifecycle: {preStop: {sleep: {seconds: 1}}}
          env:
            - {name: LOG_LEVEL, value: info}
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: PASSWORD}}}
            - {name: URL, value: "http://shop:80/a@b"}
          envFrom: [{secretRef: {name: db}}]
      volumes: [{name: tls, secret: {secretName: tls}}]
`;
const init = `init:1.2@sha256:${digest}`;
const shorter = 'SHUTDOWN_TIMEOUT_MS, value: "10000"';

test('D7: a manifest that has everything passes', () => {
  expect(lintManifest(parse(good))).toEqual([]);
});

test.for<[string, string, string]>([
  ['an exempt image of others', `shop@sha256:${digest}`, 'mongo:8.0'],
  ['an image of ours', `shop@sha256:${digest}`, 'lagscaler/user-service:dev'],
  ['a shorter shutdown in a shorter time', 'LOG_LEVEL, value: info', shorter],
])('D7: %s passes', ([, planted, instead]) => {
  const manifest = good.replace(planted, instead).replace('Seconds: 30', 'Seconds: 27');
  expect(manifest).not.toBe(good);
  expect(lintManifest(parse(manifest))).toEqual([]);
});

test.for<[string, RuleName, string, string]>([
  ['no liveness probe', 'probes', 'livenessProbe:', 'startupProbe:'],
  ['no readiness probe', 'probes', 'readinessProbe:', 'startupProbe:'],
  ['no preStop', 'preStop', 'preStop:', 'postStart:'],
  ['no grace period', 'gracePeriod', 'terminationGracePeriodSeconds: 30', 'priority: 0'],
  ['root by default', 'nonRoot', 'runAsNonRoot: true', 'runAsGroup: 1'],
  ['root allowed', 'nonRoot', 'runAsNonRoot: true', 'runAsNonRoot: false'],
  ['root by number', 'nonRoot', 'runAsUser: 65532', 'runAsUser: 0'],
  [
    'root in one container',
    'nonRoot',
    'name: init,',
    'name: init, securityContext: {runAsNonRoot: false},',
  ],
  ['a grace period as long as preStop and the shutdown', 'shutdown', 'Seconds: 30', 'Seconds: 26'],
  ['a preStop that is too long for the shutdown', 'shutdown', 'seconds: 1', 'seconds: 5'],
  [
    'a shutdown that is too long for the grace period',
    'shutdown',
    'LOG_LEVEL, value: info',
    'SHUTDOWN_TIMEOUT_MS, value: "29000"',
  ],
  [
    'a shutdown of no number',
    'shutdown',
    'LOG_LEVEL, value: info',
    'SHUTDOWN_TIMEOUT_MS, value: soon',
  ],
  ['an image without a tag', 'images', `shop@sha256:${digest}`, 'shop'],
  ['an image without a tag, on a registry with a port', 'images', init, 'init'],
  ['the latest image', 'images', `shop@sha256:${digest}`, 'shop:latest'],
  ['the latest image before all others', 'images', init, 'init:latest'],
  ['an image of others without a digest', 'images', `shop@sha256:${digest}`, 'redis:8.0.1'],
  ['such an image before all others', 'images', `@sha256:${digest}"`, '"'],
  ['half a digest', 'images', `shop@sha256:${digest}`, 'shop:1.2@sha256:0123'],
  ['another version of an exempt image', 'images', `shop@sha256:${digest}`, 'mongo:8.1'],
  ['an image that only ends like ours', 'images', `shop@sha256:${digest}`, 'x/lagscaler/a:dev'],
  ['our image by another tag', 'images', `shop@sha256:${digest}`, 'lagscaler/operator:1.0'],
  ['a password', 'secrets', 'LOG_LEVEL, value: info', 'DB_PASSWORD, value: hunter2'],
  ['a password of digits', 'secrets', 'LOG_LEVEL, value: info', 'PASSWORD, value: 1234'],
  ['a token', 'secrets', 'LOG_LEVEL, value: info', 'API_TOKEN, value: abc'],
  [
    'a connection string',
    'secrets',
    'LOG_LEVEL, value: info',
    'MONGODB_CONNECTION_STRING, value: "mongodb://db"',
  ],
  [
    'credentials in a URL',
    'secrets',
    'LOG_LEVEL, value: info',
    'DB, value: "mongodb://me:hunter2@db/x"',
  ],
  ['a private key', 'secrets', 'value: info', 'value: "-----BEGIN RSA PRIVATE KEY-----"'],
  [
    'certificates that are not verified',
    'verification',
    'LOG_LEVEL, value: info',
    'NODE_TLS_REJECT_UNAUTHORIZED, value: "0"',
  ],
])('D7: %s is found', ([, rule, planted, instead]) => {
  const manifest = good.replace(planted, instead);
  expect(manifest).not.toBe(good);
  expect(rulesFoundIn(manifest)).toEqual(new Set([rule]));
});

test('D7: a grace period that preStop uses up is found', () => {
  const found = rulesFoundIn(good.replace('seconds: 1', 'seconds: 30'));
  expect(found).toEqual(new Set<RuleName>(['gracePeriod', 'shutdown']));
});

test.for<[string, RuleName, string]>([
  ['a Secret with values', 'secrets', '{kind: Secret, metadata: {name: s}, data: {a: YQ==}}'],
  ['a Secret with plain values', 'secrets', '{kind: Secret, stringData: {a: b}}'],
  ['a chart value with a password', 'secrets', '{kind: Grafana, spec: {adminPassword: admin}}'],
  [
    'a shutdown that the lint cannot see',
    'shutdown',
    '{kind: ConfigMap, data: {SHUTDOWN_TIMEOUT_MS: "60000"}}',
  ],
  ['a ConfigMap with a password', 'secrets', '{kind: ConfigMap, data: {sasl.password: x}}'],
  [
    'a scaler that does not verify certificates',
    'verification',
    '{kind: KafkaConsumerScaler, spec: {kafka: {tls: {insecureSkipVerify: true}}}}',
  ],
  [
    'an argument against verification',
    'verification',
    '{kind: ConfigMap, data: {args: --tls.insecure-skip-tls-verify}}',
  ],
])('D7: %s is found', ([, rule, manifest]) => {
  expect(rulesFoundIn(manifest)).toEqual(new Set([rule]));
});

test.for([
  ['StatefulSet', '{template: {spec: POD}}'],
  ['DaemonSet', '{template: {spec: POD}}'],
  ['ReplicaSet', '{template: {spec: POD}}'],
  ['Pod', 'POD'],
  ['Job', '{template: {spec: POD}}'],
  ['CronJob', '{jobTemplate: {spec: {template: {spec: POD}}}}'],
])('D7: the containers of a %s are seen', ([kind, spec = '']) => {
  const pod = '{containers: [{name: main, image: shop}]}';
  const manifest = `{kind: ${kind}, spec: ${spec.replace('POD', pod)}}`;
  const found = rulesFoundIn(manifest);
  const always: RuleName[] = ['gracePeriod', 'nonRoot', 'images'];
  // Nothing is sent to what runs to its end.
  const serving: RuleName[] = kind?.endsWith('Job') ? [] : ['probes', 'preStop'];
  expect(found).toEqual(new Set([...always, ...serving]));
});

test('D7: there are no other rules than those above', () => {
  expect(Object.keys(rules)).toHaveLength(8);
});

function rulesFoundIn(manifest: string): ReadonlySet<RuleName> {
  return new Set(lintManifest(parse(manifest)).map(({ rule }) => rule));
}
