import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyObject } from '../install.ts';
import type { Stack } from '../local/stack.ts';
import type { KafkaUser } from '../local/state.ts';
import { createAuthority, createCertificate } from '../local/x509.ts';
import { operatorPod } from '../operator-pod.ts';
import { createScenario, type Scenario } from '../scenario.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';

/** Every way to prove who one is to real brokers, and what is told when the brokers don't believe it. */
const title = needsStack ? 'credentials: only the embedded stack has accounts' : 'credentials';

/** spec.kafka, with the defaults left out. */
type Kafka = object;

describe.skipIf(needsStack)(title, async () => {
  const context = await suiteCluster();
  const operator = operatorPod(context);
  const made: Scenario[] = [];
  let stack: Stack;
  beforeAll(async () => {
    stack = await suiteStack();
  });
  afterAll(async () => {
    await Promise.all(made.map((scenario) => scenario.remove()));
  });

  /** 3 replicas with lag for 6, and a Secret that does not exist yet. */
  async function scenarioWith(kafka: Kafka): Promise<Scenario> {
    const scenario = await createScenario(context, { replicas: 3, records: 60, spec: { kafka } });
    made.push(scenario);
    await scenario.expectCondition('Ready', 'False', 'SecretNotFound');
    await scenario.expectCondition('ScalingActive', 'Unknown', 'SecretNotFound');
    expect(await scenario.patches()).toBe(0);
    return scenario;
  }
  const putSecret = ({ namespace }: Scenario, stringData: Readonly<Record<string, string>>) =>
    applyObject(context.cluster, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'kafka', namespace },
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
    await scenario.expectReplicas(6, 45_000); // a Secret is read again every 30 s
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
});

function strangersCertificate() {
  const issuer = { key: createAuthority('stranger').key, commonName: 'stranger' };
  const { certificate, key } = createCertificate(issuer, { commonName: 'kafka-client' });
  return { cert: certificate, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
