/** A JSON merge patch: null deletes, an array replaces. */
export type Patch = Readonly<Record<string, unknown>>;

/** What the API server must answer: the field it names, and the part of its message that helps. */
type Refusal = Readonly<{ field: string; remedy: string }>;

type Bad = readonly [sentence: string, spec: Patch, refusal: Refusal];

/** The resource all cases start from: valid, and with no optional field. */
export const good = {
  scaleTargetRef: { name: 'orders' },
  maxReplicas: 10,
  kafka: { bootstrapServers: ['kafka:9092'] },
  consumer: { group: 'orders' },
  sizing: { lagPerReplica: { value: 100 } },
} as const;

const refused = (field: string, remedy: string): Refusal => ({ field: `spec.${field}`, remedy });

const tlsKey = (key: string) => ({ name: 'kafka-tls', key });
const sasl = (patch: Patch): Patch => ({ kafka: { sasl: patch } });
const oauth = (oauthBearer: Patch): Patch => sasl({ mechanism: 'OAUTHBEARER', oauthBearer });
const msk = (awsMskIam: Patch): Patch => ({
  kafka: { tls: {}, sasl: { mechanism: 'AWS_MSK_IAM', awsMskIam } },
});
const clientCredentials = {
  tokenEndpointUri: 'https://idp.example.com/token',
  clientSecretRef: { name: 'kafka' },
};
const credentials = 'kafka.sasl.oauthBearer.clientCredentials';
const bootstrap = (...bootstrapServers: unknown[]): Patch => ({ kafka: { bootstrapServers } });
const consumer = (patch: Patch): Patch => ({ consumer: patch });
const oneTopic = (partitions: string): Patch => consumer({ topics: ['orders'], partitions });
const sizing = (lagPerReplica: Patch): Patch => ({ sizing: { lagPerReplica } });
const timeLag = (change: Patch): Patch => ({ sizing: { lagPerReplica: null, timeLag: change } });
const scaleUp = (patch: Patch): Patch => ({ behavior: { scaleUp: patch } });
const scaleDown = (patch: Patch): Patch => ({ behavior: { scaleDown: patch } });
const override = (patch: Patch): Patch => ({
  override: { replicas: 5, until: '2026-12-01T00:00:00Z', reason: 'migration', ...patch },
});

const targets: readonly Bad[] = [
  ['no target', { scaleTargetRef: null }, refused('scaleTargetRef', 'Required value')],
  [
    'a target without a name',
    { scaleTargetRef: { name: null } },
    refused('scaleTargetRef.name', 'Required value'),
  ],
  [
    'an empty target name',
    { scaleTargetRef: { name: '' } },
    refused('scaleTargetRef.name', 'should be at least 1 chars long'),
  ],
  [
    'a target name with its kind in front, as kubectl takes it',
    { scaleTargetRef: { name: 'deployment/orders' } },
    refused('scaleTargetRef.name', 'name the kind in scaleTargetRef.kind'),
  ],
  [
    'an API version without a version',
    { scaleTargetRef: { apiVersion: 'apps' } },
    refused('scaleTargetRef.apiVersion', 'write for example apps/v1'),
  ],
  [
    'an API version with a third part',
    { scaleTargetRef: { apiVersion: 'apps/v1/scale' } },
    refused('scaleTargetRef.apiVersion', 'must be group/version or v1'),
  ],
  [
    'a plural where a kind belongs',
    { scaleTargetRef: { kind: 'deployments' } },
    refused('scaleTargetRef.kind', 'write for example Deployment or StatefulSet'),
  ],
];

const bounds: readonly Bad[] = [
  ['no maximum', { maxReplicas: null }, refused('maxReplicas', 'Required value')],
  [
    'a maximum of zero',
    { maxReplicas: 0 },
    refused('maxReplicas', 'should be greater than or equal to 1'),
  ],
  [
    'a negative minimum',
    { minReplicas: -1 },
    refused('minReplicas', 'should be greater than or equal to 0'),
  ],
  [
    'a minimum above the maximum',
    { minReplicas: 11 },
    refused('minReplicas', 'lower minReplicas or raise maxReplicas'),
  ],
  ['half a replica', { minReplicas: 1.5 }, refused('minReplicas', 'must be of type integer')],
  [
    'a maximum beyond 32 bits',
    { maxReplicas: 3_000_000_000 },
    refused('maxReplicas', 'should be less than or equal to 2147483647'),
  ],
];

const kafka: readonly Bad[] = [
  [
    'no brokers',
    { kafka: { bootstrapServers: null } },
    refused('kafka.bootstrapServers', 'Required value'),
  ],
  [
    'an empty list of brokers',
    bootstrap(),
    refused('kafka.bootstrapServers', 'should have at least 1 items'),
  ],
  [
    'a broker without a port',
    bootstrap('kafka'),
    refused('kafka.bootstrapServers[0]', 'write each broker as host:port'),
  ],
  [
    'a port beyond 65535',
    bootstrap('kafka:9092', 'kafka:65536'),
    refused('kafka.bootstrapServers[1]', 'a port of 1 to 65535'),
  ],
  ['port 0', bootstrap('kafka:0'), refused('kafka.bootstrapServers[0]', 'a port of 1 to 65535')],
  [
    'a broker with a scheme',
    bootstrap('SASL_SSL://kafka:9092'),
    refused('kafka.bootstrapServers[0]', 'without a scheme'),
  ],
  [
    'brokers separated by a comma in one entry',
    bootstrap('kafka-0:9092,kafka-1:9092'),
    refused('kafka.bootstrapServers[0]', 'one list entry per broker'),
  ],
  [
    'an IPv6 address without brackets',
    bootstrap('2001:db8::1:9092'),
    refused('kafka.bootstrapServers[0]', '[2001:db8::1]:9092'),
  ],
  [
    'a broker named twice',
    bootstrap('kafka:9092', 'kafka:9092'),
    refused('kafka.bootstrapServers[1]', 'Duplicate value'),
  ],
  [
    'a string where the list of brokers belongs',
    { kafka: { bootstrapServers: 'kafka:9092' } },
    refused('kafka.bootstrapServers', 'must be of type array'),
  ],
  [
    'a client certificate without its key',
    { kafka: { tls: { certSecretRef: tlsKey('tls.crt') } } },
    refused('kafka.tls.keySecretRef', 'name the Secret key that holds the private key'),
  ],
  [
    'a private key without its certificate',
    { kafka: { tls: { keySecretRef: tlsKey('tls.key') } } },
    refused('kafka.tls.certSecretRef', 'name the Secret key that holds the client certificate'),
  ],
  [
    'a CA that insecureSkipVerify would make useless',
    { kafka: { tls: { insecureSkipVerify: true, caSecretRef: tlsKey('ca.crt') } } },
    refused('kafka.tls.insecureSkipVerify', 'remove insecureSkipVerify'),
  ],
  [
    'a Secret reference without a key',
    { kafka: { tls: { caSecretRef: { name: 'kafka-tls' } } } },
    refused('kafka.tls.caSecretRef.key', 'Required value'),
  ],
  [
    'an unverified broker beside a CA of a ConfigMap',
    { kafka: { tls: { insecureSkipVerify: true, caConfigMapRef: tlsKey('ca.crt') } } },
    refused('kafka.tls.insecureSkipVerify', 'remove insecureSkipVerify'),
  ],
  [
    'two places for one CA',
    { kafka: { tls: { caSecretRef: tlsKey('ca.crt'), caConfigMapRef: tlsKey('ca.crt') } } },
    refused('kafka.tls.caConfigMapRef', 'remove one of them'),
  ],
  [
    'a mechanism that Kafka does not have',
    sasl({ mechanism: 'GSSAPI', secretRef: { name: 'kafka' } }),
    refused('kafka.sasl.mechanism', 'supported values: "PLAIN", "SCRAM-SHA-256"'),
  ],
  [
    'PLAIN without a Secret',
    sasl({ mechanism: 'PLAIN', username: 'alice' }),
    refused('kafka.sasl.secretRef', 'name the Secret with user name and password'),
  ],
  [
    'tokens from nowhere',
    sasl({ mechanism: 'OAUTHBEARER' }),
    refused('kafka.sasl.oauthBearer', 'say in clientCredentials or tokenFile'),
  ],
  [
    'tokens from two places',
    oauth({ clientCredentials, tokenFile: 'kafka' }),
    refused('kafka.sasl.oauthBearer', 'set either clientCredentials or tokenFile'),
  ],
  [
    'tokens from no place',
    oauth({ extensions: { pool: 'x' } }),
    refused('kafka.sasl.oauthBearer', 'exactly one source of tokens'),
  ],
  [
    'a password with OAUTHBEARER',
    sasl({
      mechanism: 'OAUTHBEARER',
      oauthBearer: { tokenFile: 'kafka' },
      secretRef: { name: 'kafka' },
    }),
    refused('kafka.sasl.secretRef', 'belong to PLAIN and SCRAM'),
  ],
  [
    'tokens with PLAIN',
    sasl({
      mechanism: 'PLAIN',
      secretRef: { name: 'kafka' },
      oauthBearer: { tokenFile: 'kafka' },
    }),
    refused('kafka.sasl.oauthBearer', 'belongs to OAUTHBEARER'),
  ],
  [
    'an AWS identity with PLAIN',
    sasl({ mechanism: 'PLAIN', secretRef: { name: 'kafka' }, awsMskIam: { region: 'eu-west-1' } }),
    refused('kafka.sasl.awsMskIam', 'belongs to AWS_MSK_IAM'),
  ],
  [
    'a token endpoint in clear text',
    oauth({ clientCredentials: { ...clientCredentials, tokenEndpointUri: 'http://idp/token' } }),
    refused(`${credentials}.tokenEndpointUri`, 'must be an https address'),
  ],
  [
    'a token endpoint that only looks like loopback',
    oauth({
      clientCredentials: { ...clientCredentials, tokenEndpointUri: 'http://127.0.0.1.evil.com/t' },
    }),
    refused(`${credentials}.tokenEndpointUri`, 'must be an https address'),
  ],
  [
    'a token endpoint with a password in it',
    oauth({
      clientCredentials: { ...clientCredentials, tokenEndpointUri: 'https://a:b@idp.example/t' },
    }),
    refused(`${credentials}.tokenEndpointUri`, 'without user and fragment'),
  ],
  [
    'client credentials without a Secret',
    oauth({ clientCredentials: { tokenEndpointUri: 'https://idp/token' } }),
    refused(`${credentials}.clientSecretRef`, 'Required value'),
  ],
  [
    'two scopes in one',
    oauth({ clientCredentials: { ...clientCredentials, scopes: ['a b'] } }),
    refused(`${credentials}.scopes[0]`, 'one list entry per scope'),
  ],
  [
    'an unknown way to prove the client',
    oauth({ clientCredentials: { ...clientCredentials, clientAuthMethod: 'private_key_jwt' } }),
    refused(`${credentials}.clientAuthMethod`, 'supported values: "client_secret_basic"'),
  ],
  [
    'two places for the CA of the token endpoint',
    oauth({
      clientCredentials: {
        ...clientCredentials,
        caSecretRef: tlsKey('ca.crt'),
        caConfigMapRef: tlsKey('ca.crt'),
      },
    }),
    refused(`${credentials}.caConfigMapRef`, 'remove one of them'),
  ],
  [
    'a token file of another folder',
    oauth({ tokenFile: '../other/kafka' }),
    refused('kafka.sasl.oauthBearer.tokenFile', 'must be a bare file name'),
  ],
  [
    'a token file with a path',
    oauth({ tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' }),
    refused('kafka.sasl.oauthBearer.tokenFile', 'must be a bare file name'),
  ],
  [
    'an extension whose name RFC 7628 does not allow',
    oauth({ tokenFile: 'kafka', extensions: { logical_cluster: 'x' } }),
    refused('kafka.sasl.oauthBearer.extensions', 'names may hold only letters'),
  ],
  [
    'an extension in the place of the token',
    oauth({ tokenFile: 'kafka', extensions: { auth: 'Bearer x' } }),
    refused('kafka.sasl.oauthBearer.extensions', 'auth is taken'),
  ],
  [
    'an extension that would end the message',
    oauth({ tokenFile: 'kafka', extensions: { pool: 'x\u0001auth=y' } }),
    refused('kafka.sasl.oauthBearer.extensions[pool]', 'only printable ASCII'),
  ],
  [
    'AWS_MSK_IAM without an identity',
    { kafka: { tls: {}, sasl: { mechanism: 'AWS_MSK_IAM' } } },
    refused('kafka.sasl.awsMskIam', 'name at least its region'),
  ],
  [
    'AWS_MSK_IAM without TLS',
    sasl({ mechanism: 'AWS_MSK_IAM', awsMskIam: { region: 'eu-west-1' } }),
    refused('kafka.tls', 'write tls as an empty object'),
  ],
  [
    'an availability zone in the place of a region',
    msk({ region: 'eu-west-1a' }),
    refused('kafka.sasl.awsMskIam.region', 'write for example eu-west-1'),
  ],
  [
    'the name of a role in the place of its ARN',
    msk({ region: 'eu-west-1', roleArn: 'role/kafka-reader-of-mine' }),
    refused('kafka.sasl.awsMskIam.roleArn', 'must be the ARN of an IAM role'),
  ],
];

const consumers: readonly Bad[] = [
  ['no group', consumer({ group: null }), refused('consumer.group', 'Required value')],
  [
    'an empty group',
    consumer({ group: '' }),
    refused('consumer.group', 'should be at least 1 chars long'),
  ],
  [
    'an empty list of topics, which is not "all topics"',
    consumer({ topics: [] }),
    refused('consumer.topics', 'name at least one topic, or remove consumer.topics'),
  ],
  [
    'a topic named twice',
    consumer({ topics: ['orders', 'orders'] }),
    refused('consumer.topics[1]', 'Duplicate value'),
  ],
  [
    'a pattern instead of a topic',
    consumer({ topics: ['orders-*'] }),
    refused('consumer.topics[0]', 'no pattern'),
  ],
  [
    'topics separated by a comma in one entry',
    consumer({ topics: ['orders,refunds'] }),
    refused('consumer.topics[0]', 'write one exact name per list entry'),
  ],
  [
    'a topic named ".."',
    consumer({ topics: ['..'] }),
    refused('consumer.topics[0]', 'is not "." or ".."'),
  ],
  [
    'an empty topic name',
    consumer({ topics: [''] }),
    refused('consumer.topics[0]', 'a topic name has 1 to 249'),
  ],
  [
    'a topic name longer than Kafka allows',
    consumer({ topics: ['x'.repeat(250)] }),
    refused('consumer.topics[0]', 'may not be more than 249'),
  ],
  [
    'partitions without a topic',
    consumer({ partitions: '0-5' }),
    refused('consumer.partitions', 'name one topic in consumer.topics'),
  ],
  [
    'partitions of two topics',
    consumer({ topics: ['orders', 'refunds'], partitions: '0-5' }),
    refused('consumer.partitions', 'needs exactly one topic'),
  ],
  [
    'a reversed range of partitions',
    oneTopic('0,4-1'),
    refused('consumer.partitions', 'write the smaller number first'),
  ],
  [
    'an empty element in the partitions',
    oneTopic('1,,2'),
    refused('consumer.partitions', 'write for example "0-5,9"'),
  ],
  [
    'a negative partition',
    oneTopic('-1'),
    refused('consumer.partitions', 'numbers and ranges from 0'),
  ],
  [
    'a range of partitions with three ends',
    oneTopic('1-2-3'),
    refused('consumer.partitions', 'write for example "0-5,9"'),
  ],
  [
    'a letter in the partitions',
    oneTopic('a'),
    refused('consumer.partitions', 'write for example "0-5,9"'),
  ],
  [
    'a comma at the end of the partitions',
    oneTopic('0-5,'),
    refused('consumer.partitions', 'separated by single commas'),
  ],
  [
    'a range too long to be meant',
    oneTopic('0-2147483647'),
    refused('consumer.partitions', 'from 0 to 999999'),
  ],
  [
    'an unknown reset policy',
    consumer({ offsetResetPolicy: 'none' }),
    refused('consumer.offsetResetPolicy', 'supported values: "latest", "earliest"'),
  ],
  [
    'an unknown isolation level',
    consumer({ isolationLevel: 'serializable' }),
    refused('consumer.isolationLevel', 'supported values: "read_uncommitted", "read_committed"'),
  ],
  [
    'no thread in a replica',
    consumer({ threadsPerReplica: 0 }),
    refused('consumer.threadsPerReplica', 'should be greater than or equal to 1'),
  ],
  [
    'an unknown rule for groups that never committed',
    consumer({ neverCommitted: 'wait' }),
    refused('consumer.neverCommitted', 'supported values: "keepOne", "ignore"'),
  ],
];

const nightly = { schedule: '45 1 * * *', durationSeconds: 3600, minReplicas: 4 };
const floor = (change: Patch): Patch => ({ floors: [{ ...nightly, ...change }] });

const floors: readonly Bad[] = [
  [
    'a floor without bounds',
    { floors: [{ schedule: '45 1 * * *', durationSeconds: 3600 }] },
    refused('floors[0]', 'needs minReplicas, maxReplicas or both'),
  ],
  [
    'a floor that contradicts itself',
    floor({ maxReplicas: 2 }),
    refused('floors[0].minReplicas', 'must not be greater than maxReplicas of the same entry'),
  ],
  [
    'a floor above maxReplicas',
    floor({ minReplicas: 11 }),
    refused('floors', 'lower it or raise maxReplicas'),
  ],
  [
    'a ceiling below minReplicas',
    { minReplicas: 5, floors: [{ schedule: '0 8 * * *', durationSeconds: 60, maxReplicas: 4 }] },
    refused('floors', 'raise it or lower minReplicas'),
  ],
  [
    'a schedule with a field too few',
    floor({ schedule: '45 1 * * ' }),
    refused('floors[0].schedule', 'the five fields of cron'),
  ],
  [
    'a time zone with a space',
    floor({ timeZone: 'Europe/ Berlin' }),
    refused('floors[0].timeZone', 'an IANA name such as Europe/Berlin'),
  ],
];

const sizings: readonly Bad[] = [
  [
    'no strategy',
    { sizing: { lagPerReplica: null } },
    refused('sizing', 'sizing must hold timeLag or lagPerReplica'),
  ],
  [
    'both strategies',
    { sizing: { timeLag: { objectiveSeconds: 60 } } },
    refused('sizing', 'exactly one of timeLag and lagPerReplica'),
  ],
  [
    'an objective of no time',
    timeLag({ objectiveSeconds: 0 }),
    refused('sizing.timeLag.objectiveSeconds', 'should be greater than or equal to 1'),
  ],
  [
    'a capacity of zero',
    timeLag({ capacityPerReplica: '0' }),
    refused('sizing.timeLag.capacityPerReplica', 'a decimal string greater than "0"'),
  ],
  [
    'a rate with a unit',
    timeLag({ maxGroupRate: '1000/s' }),
    refused('sizing.timeLag.maxGroupRate', 'in records per second, such as "1000"'),
  ],
  [
    'a utilization in percent',
    timeLag({ tuning: { targetUtilization: '85%' } }),
    refused('sizing.timeLag.tuning.targetUtilization', 'write 85 percent as "0.85"'),
  ],
  [
    'a utilization above one',
    timeLag({ tuning: { scaleUpUtilization: '1.1' } }),
    refused('sizing.timeLag.tuning.scaleUpUtilization', 'at most "1"'),
  ],
  [
    'a utilization without its zero',
    timeLag({ tuning: { scaleDownUtilization: '.8' } }),
    refused('sizing.timeLag.tuning.scaleDownUtilization', 'greater than "0"'),
  ],
  [
    'a scale-down of nothing',
    timeLag({ tuning: { maxDownFraction: '0' } }),
    refused('sizing.timeLag.tuning.maxDownFraction', 'greater than "0"'),
  ],
  [
    'a threshold in percent',
    timeLag({ tuning: { ineffectiveThreshold: '10' } }),
    refused('sizing.timeLag.tuning.ineffectiveThreshold', 'at most "1"'),
  ],
  [
    'a factor below one',
    timeLag({ tuning: { emergencyFactor: '0.5' } }),
    refused('sizing.timeLag.tuning.emergencyFactor', 'at least "1"'),
  ],
  [
    'no lag per replica',
    sizing({ value: null }),
    refused('sizing.lagPerReplica.value', 'Required'),
  ],
  [
    'a lag of zero per replica',
    sizing({ value: 0 }),
    refused('sizing.lagPerReplica.value', 'should be greater than or equal to 1'),
  ],
  [
    'a negative lag per replica',
    sizing({ value: -100 }),
    refused('sizing.lagPerReplica.value', 'should be greater than or equal to 1'),
  ],
  [
    'a quoted lag per replica',
    sizing({ value: '100' }),
    refused('sizing.lagPerReplica.value', 'must be of type integer'),
  ],
  [
    'a tolerance in percent',
    sizing({ tolerance: '10%' }),
    refused('sizing.lagPerReplica.tolerance', 'write 10 percent as "0.1"'),
  ],
  [
    'a tolerance of the whole target',
    sizing({ tolerance: '1.0' }),
    refused('sizing.lagPerReplica.tolerance', 'less than "1"'),
  ],
  [
    'a negative tolerance',
    sizing({ tolerance: '-0.1' }),
    refused('sizing.lagPerReplica.tolerance', 'at least "0"'),
  ],
  [
    'a tolerance that is a number',
    sizing({ tolerance: 0.1 }),
    refused('sizing.lagPerReplica.tolerance', 'must be of type string'),
  ],
];

const activations: readonly Bad[] = [
  [
    'a negative activation threshold',
    { activation: { lag: -1 } },
    refused('activation.lag', 'should be greater than or equal to 0'),
  ],
  [
    'a negative cooldown',
    { activation: { cooldownSeconds: -1 } },
    refused('activation.cooldownSeconds', 'should be greater than or equal to 0'),
  ],
  [
    'an active group with no replica',
    { activation: { minActiveReplicas: 0 } },
    refused('activation.minActiveReplicas', 'should be greater than or equal to 1'),
  ],
  [
    'more active replicas than the maximum',
    { activation: { minActiveReplicas: 11 } },
    refused('activation.minActiveReplicas', 'lower activation.minActiveReplicas or raise'),
  ],
];

const pods = { type: 'Pods', value: 4, periodSeconds: 15 } as const;
const behaviors: readonly Bad[] = [
  [
    'a stabilization window of more than an hour',
    scaleDown({ stabilizationWindowSeconds: 3601 }),
    refused('behavior.scaleDown.stabilizationWindowSeconds', 'less than or equal to 3600'),
  ],
  [
    'a negative stabilization window',
    scaleUp({ stabilizationWindowSeconds: -1 }),
    refused('behavior.scaleUp.stabilizationWindowSeconds', 'greater than or equal to 0'),
  ],
  [
    'an empty list of policies for scaling up',
    scaleUp({ policies: [] }),
    refused('behavior.scaleUp.policies', 'remove policies for the defaults'),
  ],
  [
    'an empty list of policies for scaling down',
    scaleDown({ policies: [] }),
    refused('behavior.scaleDown.policies', 'set selectPolicy Disabled'),
  ],
  [
    'a policy of an unknown type',
    scaleUp({ policies: [{ ...pods, type: 'Replicas' }] }),
    refused('behavior.scaleUp.policies[0].type', 'supported values: "Pods", "Percent"'),
  ],
  [
    'a policy that allows nothing',
    scaleUp({ policies: [{ ...pods, value: 0 }] }),
    refused('behavior.scaleUp.policies[0].value', 'greater than or equal to 1'),
  ],
  [
    'a policy with a period of more than half an hour',
    scaleDown({ policies: [{ ...pods, periodSeconds: 1801 }] }),
    refused('behavior.scaleDown.policies[0].periodSeconds', 'less than or equal to 1800'),
  ],
  [
    'a policy without a period',
    scaleDown({ policies: [{ type: 'Pods', value: 4 }] }),
    refused('behavior.scaleDown.policies[0].periodSeconds', 'Required value'),
  ],
  [
    'an unknown selectPolicy',
    scaleDown({ selectPolicy: 'Never' }),
    refused('behavior.scaleDown.selectPolicy', 'supported values: "Max", "Min", "Disabled"'),
  ],
  [
    'a scale-up tolerance as `kubectl get hpa -o yaml` prints it',
    scaleUp({ tolerance: '50m' }),
    refused('behavior.scaleUp.tolerance', 'write 50m or 5 percent as "0.05"'),
  ],
  [
    'a negative scale-down tolerance',
    scaleDown({ tolerance: '-0.1' }),
    refused('behavior.scaleDown.tolerance', 'at least "0"'),
  ],
];

const fallbacks: readonly Bad[] = [
  [
    'a fallback without replicas',
    { fallback: { failureThreshold: 3 } },
    refused('fallback.replicas', 'Required value'),
  ],
  [
    'a fallback to zero, which would stop all consumers in a Kafka outage',
    { fallback: { replicas: 0 } },
    refused('fallback.replicas', 'should be greater than or equal to 1'),
  ],
  [
    'a fallback above the maximum',
    { fallback: { replicas: 11 } },
    refused('fallback.replicas', 'lower fallback.replicas or raise maxReplicas'),
  ],
  [
    'a negative failure threshold',
    { fallback: { replicas: 6, failureThreshold: -3 } },
    refused('fallback.failureThreshold', 'should be greater than or equal to 0'),
  ],
  [
    'an unknown fallback behavior',
    { fallback: { replicas: 6, behavior: 'scalingModifiers' } },
    refused('fallback.behavior', 'supported values: "static", "currentReplicas"'),
  ],
];

const control: readonly Bad[] = [
  [
    'a polling interval of zero',
    { pollingIntervalSeconds: 0 },
    refused('pollingIntervalSeconds', 'should be greater than or equal to 1'),
  ],
  [
    'a polling interval of more than an hour',
    { pollingIntervalSeconds: 3601 },
    refused('pollingIntervalSeconds', 'should be less than or equal to 3600'),
  ],
  [
    'an unknown mode',
    { mode: 'DryRun' },
    refused('mode', 'supported values: "Active", "Recommend"'),
  ],
  ['a quoted boolean', { paused: 'true' }, refused('paused', 'must be of type boolean')],
  [
    'an override without an end',
    override({ until: null }),
    refused('override.until', 'set the time when the override ends'),
  ],
  [
    'an override without a size',
    override({ replicas: null }),
    refused('override.replicas', 'set the replicas to hold, from 0 to maxReplicas'),
  ],
  [
    'an override without a reason',
    override({ reason: null }),
    refused('override.reason', 'say in 1 to 256 characters why'),
  ],
  [
    'an override with an empty reason',
    override({ reason: '' }),
    refused('override.reason', 'should be at least 1 chars long'),
  ],
  [
    'an override with an essay as its reason',
    override({ reason: 'x'.repeat(257) }),
    refused('override.reason', 'may not be more than 256'),
  ],
  [
    'an override above the maximum',
    override({ replicas: 11 }),
    refused('override.replicas', 'lower override.replicas or raise maxReplicas'),
  ],
  [
    'an override to a negative size',
    override({ replicas: -1 }),
    refused('override.replicas', 'should be greater than or equal to 0'),
  ],
  [
    'an override until a time without a time zone',
    override({ until: '2026-12-01T00:00:00' }),
    refused('override.until', 'an RFC 3339 time with a time zone'),
  ],
  [
    'an override until a day that does not exist',
    override({ until: '2026-02-31T00:00:00Z' }),
    refused('override.until', 'an RFC 3339 time with a time zone'),
  ],
  [
    'an override for a duration',
    override({ until: '2h' }),
    refused('override.until', 'write for example "2026-12-01T00:00:00Z"'),
  ],
];

export const bad: readonly Bad[] = [
  ...targets,
  ...bounds,
  ...kafka,
  ...consumers,
  ...sizings,
  ...floors,
  ...activations,
  ...behaviors,
  ...fallbacks,
  ...control,
];

/** Fields the schema does not know: never accepted and ignored. */
export const unknown: readonly (readonly [sentence: string, spec: Patch, path: string])[] = [
  ['a misspelt field', { maxReplica: 10 }, 'spec.maxReplica'],
  ['a field of KEDA', sizing({ lagThreshold: 10 }), 'spec.sizing.lagPerReplica.lagThreshold'],
  [
    'a switch of a later version',
    sizing({ excludeStalled: true }),
    'spec.sizing.lagPerReplica.excludeStalled',
  ],
  ['a password in the clear', { kafka: { sasl: { password: 'x' } } }, 'spec.kafka.sasl.password'],
];

export const accepted: readonly (readonly [sentence: string, spec: Patch])[] = [
  ['the least that is needed', {}],
  ['zero replicas as minimum', { minReplicas: 0 }],
  ['a minimum that equals the maximum', { minReplicas: 10, maxReplicas: 10 }],
  [
    'any kind of any group as target',
    { scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'orders' } },
  ],
  [
    'a kind of the core group as target',
    { scaleTargetRef: { apiVersion: 'v1', kind: 'ReplicationController' } },
  ],
  [
    'brokers by name, address, IPv6 address and absolute name',
    bootstrap('kafka-0.kafka:9092', '10.0.0.1:1', '[2001:db8::1]:9092', 'b_1.example.com.:65535'),
  ],
  ['TLS with the usual authorities', { kafka: { tls: {} } }],
  ['a CA of a ConfigMap', { kafka: { tls: { caConfigMapRef: tlsKey('ca.crt') } } }],
  [
    'a user name beside a Secret that has none',
    sasl({ mechanism: 'SCRAM-SHA-512', username: 'my-user', secretRef: { name: 'my-user' } }),
  ],
  [
    'client credentials with everything',
    oauth({
      clientCredentials: {
        ...clientCredentials,
        clientId: 'lagscaler',
        clientAuthMethod: 'client_secret_post',
        scopes: ['kafka.read', 'api://kafka/.default'],
        audience: 'kafka',
        caConfigMapRef: tlsKey('ca.crt'),
      },
      extensions: { logicalCluster: 'lkc-1', pool: 'a b' },
    }),
  ],
  [
    'a token endpoint on loopback in clear text',
    oauth({
      clientCredentials: { ...clientCredentials, tokenEndpointUri: 'http://127.0.0.1:8080/token' },
    }),
  ],
  ['a token file', oauth({ tokenFile: 'kafka-token_1.jwt' })],
  ['Amazon MSK with the identity of the operator', msk({ region: 'us-gov-east-1' })],
  [
    'Amazon MSK with keys and a role',
    msk({
      region: 'eu-west-1',
      roleArn: 'arn:aws:iam::123456789012:role/team/kafka-reader',
      accessKeySecretRef: { name: 'aws', sessionTokenKey: 'token' },
    }),
  ],
  ['TLS that verifies nothing', { kafka: { tls: { insecureSkipVerify: true } } }],
  [
    'mutual TLS with SCRAM',
    {
      kafka: {
        tls: {
          caSecretRef: tlsKey('ca.crt'),
          certSecretRef: tlsKey('tls.crt'),
          keySecretRef: tlsKey('tls.key'),
        },
        sasl: { mechanism: 'SCRAM-SHA-512', secretRef: { name: 'kafka', usernameKey: 'user' } },
      },
    },
  ],
  ['a hundred topics', consumer({ topics: Array.from({ length: 100 }, (_, i) => `t${i}`) })],
  ['a topic name of full length', consumer({ topics: ['A.b_c-9'.padEnd(249, 'x')] })],
  ['partitions with white space and overlaps', oneTopic(' 0 - 3 , 2-5,9')],
  ['a range of one partition', oneTopic('4-4')],
  ['blank partitions, which mean all, without a topic', consumer({ partitions: '  ' })],
  ['no tolerance at all', sizing({ tolerance: '0' })],
  ['the largest lag JSON can carry', sizing({ value: Number.MAX_SAFE_INTEGER })],
  ['time lag with nothing but defaults', timeLag({})],
  [
    'time lag with all that is known',
    timeLag({
      objectiveSeconds: 86_400,
      drainSeconds: 1,
      capacityPerReplica: '0.5',
      maxGroupRate: '999999999.999',
      tuning: { scaleUpUtilization: '1', maxDownFraction: '0.0001', emergencyFactor: '100' },
    }),
  ],
  ['a floor for the night', floor({})],
  ['a floor in words', floor({ schedule: '*/5 8-18 1,15 JAN-MAR MON-FRI', timeZone: 'Etc/GMT+5' })],
  ['an empty behavior, which means the defaults of autoscaling/v2', { behavior: {} }],
  ['a behavior that never scales in', scaleDown({ selectPolicy: 'Disabled' })],
  [
    'a behavior as an HPA has it',
    scaleUp({ policies: [pods], tolerance: '1.5', stabilizationWindowSeconds: 3600 }),
  ],
  ['a fallback at the first failure', { fallback: { replicas: 6, failureThreshold: 0 } }],
  ['the longest polling interval', { pollingIntervalSeconds: 3600 }],
  ['a paused recommendation', { mode: 'Recommend', paused: true }],
  ['an override below the minimum', { minReplicas: 3, ...override({ replicas: 0 }) }],
  ['an override until a time in another zone', override({ until: '2026-12-01T01:00:00.5+01:00' })],
];
