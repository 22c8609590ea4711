import { beforeAll, describe, expect, test } from 'vitest';
import { setAcls } from '../acls.ts';
import { applyObject } from '../install.ts';
import { kafkaTool } from '../local/kafka.ts';
import { readIssuerKey } from '../local/kafka-oauth.ts';
import type { Stack } from '../local/stack.ts';
import type { KafkaUser } from '../local/state.ts';
import { createAuthority, createCertificate } from '../local/x509.ts';
import { operatorPod } from '../operator-pod.ts';
import { type Scenario, scenariosIn } from '../scenario.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { startTokenEndpoint } from '../token-endpoint.ts';
import { until } from '../until.ts';

/** Every way to prove who one is to real brokers, and what is told when the brokers don't believe it. */
const title = needsStack ? 'credentials: only the embedded stack has accounts' : 'credentials';

/** spec.kafka, with the defaults left out. */
type Kafka = object;

describe.skipIf(needsStack)(title, async () => {
  const context = await suiteCluster();
  const operator = operatorPod(context);
  const newScenario = scenariosIn(context);
  let stack: Stack;
  beforeAll(async () => {
    stack = await suiteStack();
  });

  /** 3 replicas with lag for 6, and a Secret that does not exist yet. */
  async function scenarioWith(kafka: Kafka): Promise<Scenario> {
    const scenario = await newScenario({ replicas: 3, records: 60, spec: { kafka } });
    await scenario.expectCondition('Ready', 'False', 'SecretNotFound');
    await scenario.expectCondition('ScalingActive', 'Unknown', 'SecretNotFound');
    expect(await scenario.patches()).toBe(0);
    return scenario;
  }
  const putSecret = (
    { namespace }: Scenario,
    stringData: Readonly<Record<string, string>>,
    name = 'kafka',
  ) =>
    applyObject(context.cluster, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData,
    });
  const ref = (key: string) => ({ name: 'kafka', key });
  const sasl = ({ mechanism }: KafkaUser) => ({ mechanism, secretRef: { name: 'kafka' } });
  const ca = { caSecretRef: ref('ca.crt') };

  test.for([
    ['PLAIN over TLS', 'plain', true],
    ['SCRAM-SHA-256 over TLS', 'scram256', true],
    ['SCRAM-SHA-512 over TLS', 'scram512', true],
    ['SCRAM-SHA-512 without TLS', 'scram512', false],
  ] as const)(
    '%s: the Secret is missed, then found, and the lag is read',
    async ([_, account, encrypted]) => {
      const user = stack.users[account];
      const servers = encrypted ? stack.saslTlsBootstrapServers : stack.saslBootstrapServers;
      const scenario = await scenarioWith({
        bootstrapServers: [...servers],
        sasl: sasl(user),
        ...(encrypted && { tls: ca }),
      });
      const { username, password } = user;
      await putSecret(scenario, { username, password, 'ca.crt': stack.ca });
      await scenario.expectReplicas(6);
      await scenario.expectCondition('Ready', 'True', 'Reconciled');
      expect(await scenario.patches()).toBe(1);
    },
  );

  test('a client certificate of the authority of the brokers is accepted', async () => {
    const scenario = await scenarioWith(mutualTls());
    const { cert, key } = stack.kafkaClientCertificate;
    await putSecret(scenario, { 'ca.crt': stack.ca, 'tls.crt': cert, 'tls.key': key });
    await scenario.expectReplicas(6);
    await scenario.expectCondition('Ready', 'True', 'Reconciled');
  });

  test('a client certificate of another authority is refused, and held', async () => {
    const scenario = await scenarioWith(mutualTls());
    const { cert, key } = strangersCertificate();
    await putSecret(scenario, { 'ca.crt': stack.ca, 'tls.crt': cert, 'tls.key': key });
    await scenario.expectCondition('Ready', 'False', 'AuthenticationFailed');
    await scenario.expectHeld(3);
    expect(await scenario.patches()).toBe(0);
  });
  const mutualTls = (): Kafka => ({
    bootstrapServers: [...stack.tlsBootstrapServers],
    tls: { ...ca, certSecretRef: ref('tls.crt'), keySecretRef: ref('tls.key') },
  });

  test('a wrong password is refused, held and shown nowhere; a corrected Secret is enough', async () => {
    const user = stack.users.scram512;
    const scenario = await scenarioWith({
      bootstrapServers: [...stack.saslTlsBootstrapServers],
      sasl: sasl(user),
      tls: ca,
    });
    const log = await operator.newLog();
    const { username } = user;
    const wrong = 'not-the-password-7Qz';
    await putSecret(scenario, { username, password: wrong, 'ca.crt': stack.ca });
    await scenario.expectCondition('Ready', 'False', 'AuthenticationFailed');
    await scenario.expectCondition('ScalingActive', 'Unknown', 'AuthenticationFailed');
    await scenario.expectHeld(3);

    const { restarts } = await operator.health();
    await putSecret(scenario, { username, password: user.password, 'ca.crt': stack.ca });
    await scenario.expectReplicas(6);
    expect(await scenario.patches()).toBe(1);
    expect((await operator.health()).restarts).toBe(restarts);

    const told = JSON.stringify([
      await context.kube.scaler(scenario.namespace, 'consumer'),
      await scenario.events(),
      await log(),
      (await operator.metrics()).text,
    ]);
    expect(told).toContain('AuthenticationFailed');
    for (const password of [wrong, user.password]) {
      expect(told).not.toContain(password);
      expect(told).not.toContain(Buffer.from(password).toString('base64'));
    }
  });

  /** An account of its own, and everything a reading of the scenario needs. */
  async function account(name: string, password: string, { group, topic }: Scenario) {
    await setPassword(name, password);
    await setAcls(
      stack.bootstrapServers,
      [name],
      [
        { user: name, on: 'group', name: group, operation: 'describe' },
        { user: name, on: 'topic', name: topic, operation: 'describe' },
      ],
    );
  }
  const setPassword = (name: string, password: string) =>
    kafkaTool(stack.state, 'kafka.admin.ConfigCommand', [
      ...['--alter', '--entity-type', 'users', '--entity-name', name],
      ...['--add-config', `SCRAM-SHA-512=[password=${password}]`],
    ]);
  const readyOf = async (scenario: Scenario) =>
    (await scenario.status())?.conditions?.find((c) => c.type === 'Ready');

  test('Secrets as Strimzi makes them; a rotated password is in use at the next poll, without a gap', async () => {
    const name = 'strimzi-user';
    const scenario = await scenarioWith({
      bootstrapServers: [...stack.saslTlsBootstrapServers],
      sasl: { mechanism: 'SCRAM-SHA-512', username: name, secretRef: { name } },
      tls: { caSecretRef: { name: 'my-cluster-cluster-ca-cert', key: 'ca.crt' } },
    });
    await account(name, 'one', scenario);
    const clusterCa = { 'ca.crt': stack.ca, 'ca.password': 'x', 'ca.p12': 'x' };
    await putSecret(scenario, clusterCa, 'my-cluster-cluster-ca-cert');
    const userSecret = (password: string) => ({ password, 'sasl.jaas.config': 'x' });
    await putSecret(scenario, userSecret('one'), name);
    await scenario.expectReplicas(6);
    await scenario.expectCondition('Ready', 'True', 'Reconciled');
    const before = await readyOf(scenario);

    await setPassword(name, 'two');
    await putSecret(scenario, userSecret('two'), name);
    await scenario.expectHeld(6);
    await scenario.produce(40);
    await scenario.expectReplicas(10);
    const after = await readyOf(scenario);
    expect(after).toMatchObject({
      status: 'True',
      lastTransitionTime: before?.lastTransitionTime, // it never was anything else
    });

    // That a changed Secret is in use at once shows best when it is a wrong one.
    await putSecret(scenario, userSecret('three'), name);
    const withinMs = 5000;
    const isReady = async (status: string) => (await readyOf(scenario))?.status === status;
    await until('a wrong password is told', () => isReady('False'), { withinMs });
    await putSecret(scenario, userSecret('two'), name);
    await until('a right one is enough', () => isReady('True'), { withinMs });
  });

  test('client credentials: a refused client is told and held, a corrected Secret is enough', async () => {
    const client = { id: 'lagscaler', secret: 'client-secret-8Wv' };
    const endpoint = await startTokenEndpoint({ issuerKey: readIssuerKey(stack.dir), client });
    try {
      const scenario = await scenarioWith({
        bootstrapServers: [...stack.saslTlsBootstrapServers],
        tls: { caConfigMapRef: { name: 'authorities', key: 'ca.crt' } },
        sasl: {
          mechanism: 'OAUTHBEARER',
          oauthBearer: {
            clientCredentials: {
              tokenEndpointUri: endpoint.uri,
              clientId: client.id,
              clientSecretRef: { name: 'kafka' },
              scopes: ['kafka'],
            },
            extensions: { logicalCluster: 'lkc-1' },
          },
        },
      });
      const log = await operator.newLog();
      const { namespace } = scenario;
      const metadata = { name: 'authorities', namespace };
      const data = { 'ca.crt': stack.ca };
      await applyObject(context.cluster, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
      await putSecret(scenario, { clientSecret: 'wrong-secret-3Fd' });
      await scenario.expectCondition('Ready', 'False', 'AuthenticationFailed');
      await scenario.expectHeld(3);
      expect((await readyOf(scenario))?.message).toContain(`token endpoint ${endpoint.uri}: `);

      await putSecret(scenario, { clientSecret: client.secret });
      await scenario.expectReplicas(6);
      await scenario.expectCondition('Ready', 'True', 'Reconciled');
      expect(endpoint.granted[0]).toMatchObject({ scope: 'kafka' });
      const told = JSON.stringify([
        await context.kube.scaler(namespace, 'consumer'),
        await scenario.events(),
        await log(),
      ]);
      for (const secret of [client.secret, 'wrong-secret-3Fd']) expect(told).not.toContain(secret);
    } finally {
      await endpoint.close();
    }
  });

  test("what would use the operator's own identity is refused where nobody allowed it", async () => {
    const kafka = { bootstrapServers: [...stack.saslTlsBootstrapServers], tls: {} };
    const oauthBearer = { tokenFile: 'kafka' };
    const scenario = await newScenario({
      replicas: 3,
      records: 60,
      spec: { kafka: { ...kafka, sasl: { mechanism: 'OAUTHBEARER', oauthBearer } } },
    });
    await scenario.expectCondition('Ready', 'False', 'InvalidSpec');
    expect((await readyOf(scenario))?.message).toContain('set its KAFKA_TOKEN_DIRECTORY');
    const sasl = {
      mechanism: 'AWS_MSK_IAM',
      oauthBearer: null,
      awsMskIam: { region: 'eu-west-1' },
    };
    await scenario.patchScaler({ spec: { kafka: { sasl } } });
    await until('the AWS identity is refused', async () =>
      (await readyOf(scenario))?.message?.includes('KAFKA_AWS_NAMESPACES'),
    );
    expect(await scenario.patches()).toBe(0);
  });
});

function strangersCertificate() {
  const issuer = { key: createAuthority('stranger').key, commonName: 'stranger' };
  const { certificate, key } = createCertificate(issuer, { commonName: 'kafka-client' });
  return { cert: certificate, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
