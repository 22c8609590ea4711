import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../local/stack.ts';
import { createAuthority } from '../local/x509.ts';
import { resetSaga } from '../saga.ts';
import { launchService, untilReady } from '../services.ts';
import { needsStack, suiteCluster, suiteStack } from '../suite.ts';
import { until } from '../until.ts';

const title = needsStack ? 'D7: only the embedded stack has a TLS listener' : 'D7: TLS';

describe.skipIf(needsStack)(title, async () => {
  const { cluster } = await suiteCluster();
  const dir = mkdtempSync(join(tmpdir(), 'lagscaler-ca-'));
  let stack: Stack;
  beforeAll(async () => {
    stack = await suiteStack();
    await resetSaga(cluster, 1);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const launch = (ca: string | undefined) => {
    const file = join(dir, 'ca.crt');
    if (ca !== undefined) writeFileSync(file, ca);
    const backends = {
      bootstrapServers: stack.tlsBootstrapServers,
      hostMongoUrl: (database: string) => cluster.hostMongoUrl(database),
    };
    return launchService('user-service', backends, {
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      ...(ca !== undefined && { KAFKA_SSL_CA_FILE: file }),
    });
  };

  test.for<[string, () => string | undefined]>([
    ['no CA but the usual ones', () => undefined],
    ['another CA', () => createAuthority('stranger').certificate],
    ['another CA of the same name', () => createAuthority('lagscaler-embedded-stack').certificate],
  ])('D7: a broker whose CA is unknown is refused: %s', async ([_, ca]) => {
    const service = await launch(ca());
    await until('the reason in the log', () =>
      service.log.some((line) => /certificate/.test(line)),
    );
    expect(await service.status('/readyz')).toBe(503);
    expect(await service.status('/healthz')).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  test('D7: with the CA of the brokers it is ready', async () => {
    const service = await launch(stack.ca);
    await untilReady(service);
    expect(await service.stop()).toBe(0);
  });
});
