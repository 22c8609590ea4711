import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OffsetReading } from '../../operator/src/autoscaler/types.ts';
import type {
  ClientCredentials,
  KafkaConnection,
  SaslSettings,
} from '../../operator/src/controller/kafka-connection.ts';
import type { LagSource } from '../../operator/src/controller/ports.ts';
import { createLagSource } from '../../operator/src/kafka/lag-source.ts';
import { commitOffsets, createTopic, deleteTopics, produce } from '../kafka.ts';
import { shortSessionMs, tokenSubject } from '../local/kafka-config.ts';
import { readIssuerKey, tokenAudience } from '../local/kafka-oauth.ts';
import type { Stack } from '../local/stack.ts';
import { createAuthority, createCertificate } from '../local/x509.ts';
import { needsStack, suiteStack } from '../suite.ts';
import { createToken, startTokenEndpoint, type TokenEndpoint } from '../token-endpoint.ts';
import { until } from '../until.ts';

/** Every mechanism, rotation and expiry on real brokers, by the operator's own reader of lag. */
const title = needsStack ? 'signing in: only the embedded stack has accounts' : 'signing in';

const never = new AbortController().signal;
const run = Date.now().toString(36);
const topic = `sign-in-${run}`;
const group = `sign-in-${run}`;
const client = { id: 'lag scaler', secret: 'client-secret-5Xk+/=' };
const tlsOf = (ca: string | undefined, pair?: { cert: string; key: string }) => ({
  ca,
  cert: pair?.cert,
  key: pair?.key,
  serverName: undefined,
  insecureSkipVerify: false,
});

describe.skipIf(needsStack)(title, () => {
  let stack: Stack;
  let endpoint: TokenEndpoint;
  let source: LagSource;
  /** SaslAuthenticate is not counted: each of these is a reading's. */
  let requests: string[];

  beforeAll(async () => {
    stack = await suiteStack();
    await createTopic(stack.bootstrapServers, topic, 3);
    await produce(stack.bootstrapServers, topic, { partitions: 3, records: 30 });
    await commitOffsets(stack.bootstrapServers, group, topic, new Map([[0, 4n]]));
  });
  afterAll(() => deleteTopics(stack.bootstrapServers, [topic]));
  beforeEach(async () => {
    endpoint = await startTokenEndpoint({ issuerKey: readIssuerKey(stack.dir), client });
    requests = [];
    // The longest back-off, so that two reads in a row fall into it.
    source = createLagSource({ onRequest: (api) => requests.push(api), random: () => 0.99 });
  });
  afterEach(async () => {
    await source.close();
    await endpoint.close();
  });

  const read = (connection: KafkaConnection, owner = 'shop/orders') => {
    const what = { group, topics: [topic], partitions: undefined } as const;
    return source.read(owner, { connection, ...what, isolationLevel: 'read_uncommitted' }, never);
  };
  const overTls = (sasl: SaslSettings | undefined, tls = tlsOf(stack.ca)): KafkaConnection => ({
    bootstrapServers: stack.saslTlsBootstrapServers,
    tls,
    sasl,
  });
  const inClear = (sasl: SaslSettings): KafkaConnection => ({
    bootstrapServers: stack.saslBootstrapServers,
    tls: undefined,
    sasl,
  });
  const grant = (change: Partial<ClientCredentials> = {}): ClientCredentials => ({
    from: 'tokenEndpoint',
    uri: endpoint.uri,
    clientId: client.id,
    clientSecret: client.secret,
    clientAuthMethod: 'client_secret_basic',
    scopes: [],
    audience: undefined,
    ca: undefined,
    ...change,
  });
  const oauth = (token: ClientCredentials | string, extensions = {}): SaslSettings => ({
    mechanism: 'OAUTHBEARER',
    token: typeof token === 'string' ? { from: 'file', path: token } : token,
    extensions,
  });
  const tokenFile = (content: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'lagscaler-token-')), 'kafka');
    writeFileSync(path, content);
    return path;
  };
  const ownToken = (change: object = {}) =>
    createToken(createPrivateKey(readIssuerKey(stack.dir)), {
      subject: tokenSubject,
      audience: tokenAudience,
      lifeSeconds: 300,
      ...change,
    });

  /** Unread records, or reason and message. */
  function told(reading: OffsetReading): string {
    if (reading.kind === 'unavailable') return `${reading.reason}: ${reading.message}`;
    const lags = reading.partitions.map(({ end = 0n, committed }) =>
      typeof committed === 'bigint' ? end - committed : end,
    );
    return `lag ${lags.join(' ')}`;
  }
  const lag = 'lag 6 10 10';

  test.for(['plain', 'scram256', 'scram512'] as const)('%s, with TLS and without', async (name) => {
    const user = stack.users[name];
    expect(told(await read(overTls(user), 'shop/tls'))).toBe(lag);
    expect(told(await read(inClear(user), 'shop/clear'))).toBe(lag);
  });

  test('TLS, with a client certificate and without', async () => {
    const servers = stack.tlsBootstrapServers;
    const mutual = tlsOf(stack.ca, stack.kafkaClientCertificate);
    const plain = tlsOf(stack.ca);
    const sasl = undefined;
    expect(told(await read({ bootstrapServers: servers, tls: mutual, sasl }, 'a'))).toBe(lag);
    expect(told(await read({ bootstrapServers: servers, tls: plain, sasl }, 'b'))).toBe(lag);
  });

  test('client credentials: scopes and audience reach the endpoint, one token serves all brokers', async () => {
    const scopes = ['kafka.read', 'urn:x'];
    const connection = overTls(oauth(grant({ scopes, audience: 'kafka' })));
    expect(told(await read(connection))).toBe(lag);
    expect(endpoint.granted).toEqual([
      { grant_type: 'client_credentials', scope: 'kafka.read urn:x', audience: 'kafka' },
    ]);
  });

  test('extensions are taken by the brokers', async () => {
    const sasl = oauth(grant(), { logicalCluster: 'lkc-1', identityPoolId: 'pool 1' });
    expect(told(await read(overTls(sasl)))).toBe(lag);
  });

  test('a token endpoint with an authority of its own', async () => {
    const authority = createAuthority('idp');
    const issuer = { key: authority.key, commonName: 'idp' };
    const made = createCertificate(issuer, { commonName: 'idp', hosts: ['127.0.0.1'] });
    const key = made.key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const tls = { cert: made.certificate, key };
    const issuerKey = readIssuerKey(stack.dir);
    const secure = await startTokenEndpoint({ issuerKey, client, tls });
    try {
      const trusting = grant({ uri: secure.uri, ca: authority.certificate });
      expect(told(await read(overTls(oauth(trusting)), 'a'))).toBe(lag);
      expect(told(await read(overTls(oauth(grant({ uri: secure.uri }))), 'b'))).toMatch(
        /^KafkaUnreachable: .*token endpoint https:.*certificate is not trusted: name its authority/,
      );
    } finally {
      await secure.close();
    }
  });

  test('a service account token of the API server, out of a file', async () => {
    const token = await stack.kubectl('create', 'token', 'default', '--audience=kafka');
    // It names a user that is allowed nothing: signed in, but no more.
    expect(told(await read(overTls(oauth(tokenFile(token)))))).toMatch(/^AuthorizationFailed: /);
  });

  test('a token file is read anew for each session', async () => {
    const path = tokenFile(ownToken({ lifeSeconds: -60 }));
    expect(told(await read(overTls(oauth(path))))).toMatch(
      /^AuthenticationFailed: .*SASL: the broker refused the token \(invalid_token\).*it expired at/,
    );
    source.release('shop/orders');
    writeFileSync(path, `${ownToken()}\n`);
    expect(told(await read(overTls(oauth(path))))).toBe(lag);
  });

  const cases: readonly (readonly [string, () => SaslSettings | Promise<SaslSettings>, RegExp])[] =
    [
      [
        'a wrong password',
        () => ({ ...stack.users.scram512, password: client.secret }),
        /^AuthenticationFailed: .*the broker refused the credentials: check the Secret/,
      ],
      [
        'a wrong client secret',
        () => oauth(grant({ clientSecret: 'wrong-9Qz' })),
        /^AuthenticationFailed: .*token endpoint http.*invalid_client: check client id, secret/,
      ],
      [
        'a token for others',
        () => {
          endpoint.grants.audience = 'billing';
          return oauth(grant());
        },
        /^AuthenticationFailed: .*refused the token \(invalid_token\): check what token endpoint http.* grants/,
      ],
      [
        'a token that has expired',
        () => {
          endpoint.grants.lifeSeconds = -60;
          return oauth(grant());
        },
        /^AuthenticationFailed: .*\(invalid_token\).*it expired at 20/,
      ],
      [
        'a token endpoint in trouble',
        () => {
          endpoint.grants.failure = 503;
          return oauth(grant());
        },
        /^KafkaUnreachable: .*token endpoint http.*it answered 503/,
      ],
      [
        'a token endpoint that is gone',
        async () => {
          const gone = await startTokenEndpoint({ issuerKey: readIssuerKey(stack.dir), client });
          await gone.close();
          return oauth(grant({ uri: gone.uri }));
        },
        /^KafkaUnreachable: .*token endpoint http.*ECONNREFUSED: is it running/,
      ],
      [
        'a token endpoint that never answers',
        () => {
          endpoint.grants.failure = 'silence';
          return oauth(grant());
        },
        /^KafkaUnreachable: .*token endpoint http.*no answer in time/,
      ],
      [
        'an extension that RFC 7628 does not allow',
        () => oauth(grant(), { logical_cluster: 'x' }),
        /^AuthenticationFailed: .*refused the token \(SASL_AUTHENTICATION_FAILED\)/,
      ],
    ];
  test.for(cases)(
    '%s is told with the remedy, without the secret, once per back-off',
    async ([, make, expected]) => {
      const connection = overTls(await make());
      const first = told(await read(connection));
      expect(first).toMatch(expected);
      const asked = requests.length;
      const second = told(await read(connection));
      expect(second).toBe(first);
      expect(requests.length).toBe(asked);
      for (const secret of [client.secret, 'wrong-9Qz'])
        expect(first + second).not.toContain(secret);
    },
  );

  test('readings go on over many lives of a token', async () => {
    endpoint.grants.lifeSeconds = 3;
    const connection = inClear(oauth(grant()));
    const answers = new Set<string>();
    await until(
      'a sixth token',
      async () => {
        answers.add(told(await read(connection)));
        return endpoint.granted.length >= 6;
      },
      { withinMs: 60_000, seen: () => [...answers] },
    );
    expect([...answers]).toEqual([lag]);
  });

  test('readings go on over many sessions of a password', async () => {
    const connection = inClear(stack.users.scram256);
    const from = Date.now();
    const answers = new Set<string>();
    await until(
      'four sessions',
      async () => {
        answers.add(told(await read(connection)));
        return Date.now() - from > 4 * shortSessionMs;
      },
      { withinMs: 60_000 },
    );
    expect([...answers]).toEqual([lag]);
  });

  test('while no token can be had the last one is used to its end; then readings come back by themselves', async () => {
    endpoint.grants.lifeSeconds = 6;
    const connection = inClear(oauth(grant()));
    const from = Date.now();
    expect(told(await read(connection))).toBe(lag);
    endpoint.grants.failure = 503;
    let lastGood = 0;
    await until('the token has ended', async () => {
      const answer = told(await read(connection));
      if (answer === lag) lastGood = Date.now();
      return answer.startsWith('KafkaUnreachable: ') && answer.includes('it answered 503');
    });
    expect(lastGood - from).toBeGreaterThan(4_000);
    endpoint.grants.failure = undefined;
    await until('readings are back', async () => told(await read(connection)) === lag);
  });

  test('a rotated password, certificate or CA: readings under way end, the new session takes over', async () => {
    const { scram512, plain } = stack.users;
    const stranger = createAuthority('stranger').certificate;
    const rotations: readonly KafkaConnection[] = [
      overTls(scram512),
      overTls(plain),
      overTls(plain, tlsOf(`${stranger}${stack.ca}`)), // both CAs, as while brokers roll
      overTls(oauth(grant())),
    ];
    const owners = ['shop/a', 'shop/b', 'shop/c'];
    const answers: string[] = [];
    for (const connection of rotations) {
      const readings = owners.flatMap((owner) => [
        read(connection, owner),
        read(connection, owner),
      ]);
      // Not awaited: the next rotation comes while these are under way.
      for (const reading of readings) void reading.then((r) => answers.push(told(r)));
      await new Promise(setImmediate);
    }
    await until('all readings have ended', () => answers.length === rotations.length * 6);
    expect(new Set(answers)).toEqual(new Set([lag]));
  });

  test('a CA that did not issue the brokers is named', async () => {
    const stranger = createAuthority('stranger').certificate;
    expect(told(await read(overTls(stack.users.plain, tlsOf(stranger))))).toMatch(
      /^KafkaUnreachable: .*TLS: [A-Z_]+: the CA in spec\.kafka\.tls did not issue it/,
    );
  });
});
