import { readdirSync, readFileSync } from 'node:fs';
import { ApiException, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { suiteCluster } from '../suite.ts';
import { accepted, bad, good, type Patch, unknown } from './crd-validation.cases.ts';

/** The API server refuses what it can know to be wrong, and says what to do. */

const root = new URL('../../', import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8');
const crd: { metadata: { name: string }; spec: object } = parse(
  textOf('crds/kafkaconsumerscalers.lagscaler.dev.yaml'),
);
const group = { group: 'lagscaler.dev', version: 'v1alpha1', plural: 'kafkaconsumerscalers' };

const { cluster } = await suiteCluster();
let objects: CustomObjectsApi;

beforeAll(async () => {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  objects = config.makeApiClient(CustomObjectsApi);
});

describe('accepted', () => {
  test.for(accepted)('%s', async ([, patch]) => {
    await expect(create(scaler(patch))).resolves.toBeDefined();
  });

  test('the API server fills in every default', async () => {
    expect(await create(scaler({}))).toMatchObject({
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment' },
        minReplicas: 1,
        consumer: {
          offsetResetPolicy: 'latest',
          isolationLevel: 'read_uncommitted',
          threadsPerReplica: 1,
          neverCommitted: 'keepOne',
        },
        sizing: { lagPerReplica: { tolerance: '0.1' } },
        activation: { lag: 0, cooldownSeconds: 300, minActiveReplicas: 1 },
        pollingIntervalSeconds: 5,
        mode: 'Active',
        paused: false,
      },
    });
  });

  test('an empty behavior stays empty: it does not mean the same as an absent one', async () => {
    expect(await create(scaler({ behavior: {} }))).toHaveProperty('spec.behavior', {});
    expect(await create(scaler({}))).not.toHaveProperty('spec.behavior');
  });
});

describe('refused, for one reason and with a remedy', () => {
  test.for(bad)('%s', async ([, patch, expected]) => {
    const causes = await causesOf(patch);
    expect(causes.map((cause) => cause.field)).toEqual([expected.field]);
    expect(causes[0]?.message).toContain(expected.remedy);
  });

  test.for(unknown)('%s', async ([, patch, path]) => {
    const { message } = await refusal(patch);
    expect(message).toContain(`strict decoding error: unknown field "${path}"`);
  });

  test('every rule of the schema refuses one of these', async () => {
    const heard = (await Promise.all(bad.map(([, patch]) => causesOf(patch)))).flat();
    const rules = messagesIn(crd.spec);
    const silent = rules.filter((rule) => !heard.some(({ message }) => message.includes(rule)));
    expect(rules.length).toBeGreaterThan(20);
    expect(silent).toEqual([]);
  });

  test('the tables are as large as they were meant to be', () => {
    expect(bad.length).toBeGreaterThanOrEqual(40);
    expect(accepted.length).toBeGreaterThanOrEqual(10);
  });
});

describe('the partition lists that the operator parses', () => {
  const lists = partitionLists();

  test.for(lists)('%j', async ([partitions, valid]) => {
    const resource = scaler({ consumer: { topics: ['orders'], partitions } });
    const created = await create(resource).then(
      () => true,
      () => false,
    );
    expect(created).toBe(valid);
  });

  test('there are some of both kinds', () => {
    expect(new Set(lists.map(([, valid]) => valid))).toEqual(new Set([true, false]));
  });
});

describe('the samples are accepted', () => {
  const samples = readdirSync(new URL('samples/', root)).filter((name) => name.endsWith('.yaml'));

  test.for(samples)('%s', async (name) => {
    for (const document of parseAllDocuments(textOf(`samples/${name}`))) {
      await expect(create(document.toJS())).resolves.toBeDefined();
    }
  });

  test('none is missing', () => expect(samples.length).toBeGreaterThanOrEqual(8));
});

function scaler(spec: Patch): object {
  return {
    apiVersion: `${group.group}/${group.version}`,
    kind: 'KafkaConsumerScaler',
    metadata: { name: 'orders' },
    spec: merge(good, spec),
  };
}

/** JSON merge patch (RFC 7386). */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Asks the API server without storing anything. */
function create(body: object): Promise<unknown> {
  const options = { namespace: 'default', dryRun: 'All', fieldValidation: 'Strict' };
  return objects.createNamespacedCustomObject({ ...group, ...options, body });
}

interface Cause {
  readonly field: string;
  readonly message: string;
}
interface StatusOfFailure {
  readonly message: string;
  readonly details?: { readonly causes?: readonly Cause[] };
}

async function refusal(patch: Patch): Promise<StatusOfFailure> {
  const error: unknown = await create(scaler(patch)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error(`accepted: ${JSON.stringify(patch)}`);
  if (!(error instanceof ApiException)) throw error;
  return JSON.parse(error.body);
}

/** Why it was refused, without the note that some rules were not evaluated because of that. */
async function causesOf(patch: Patch): Promise<readonly Cause[]> {
  const { details } = await refusal(patch);
  const causes = details?.causes ?? [];
  return causes.filter(
    ({ message }) => !message.includes('some validation rules were not checked'),
  );
}

/** The messages of all `x-kubernetes-validations` below a node. */
function messagesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(messagesIn);
  if (!isObject(node)) return [];
  return Object.entries(node).flatMap(([key, child]) =>
    key === 'x-kubernetes-validations'
      ? (child as { message: string }[]).map((rule) => rule.message)
      : messagesIn(child),
  );
}

/** The vectors the operator's own parser is tested with: the two must agree. */
function partitionLists(): (readonly [list: string, valid: boolean])[] {
  const { cases } = JSON.parse(textOf('operator/cases/partition-list.json')) as {
    cases: { input: { partitions?: string }; expected: { valid?: boolean } }[];
  };
  return cases.flatMap(({ input, expected }) =>
    input.partitions === undefined ? [] : [[input.partitions, expected.valid === true] as const],
  );
}

/**
 * Creates the CRD or replaces an older one, and waits until the API server serves it. Untyped, since
 * ApiextensionsV1Api drops `default`, `enum` and `x-kubernetes-…`: it has other names for them.
 */
