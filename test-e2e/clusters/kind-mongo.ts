import { stringify } from 'yaml';
import type { Cluster } from '../cluster.ts';
import { type MongoServer, mongoDatabases, newPassword } from './mongo.ts';

type Kubectl = Cluster['kubectl'];

/** A node port that test-e2e/kind/cluster.yaml maps to this machine. */
const hostPort = 30917;
const namespace = 'mongodb';

/**
 * Makes the passwords of the server of deploy/kind, the first time: one of root, one of each database's user.
 * @returns the server, which need not run yet
 */
export async function prepareKindMongo(kubectl: Kubectl): Promise<MongoServer> {
  const get = ['get', 'secret', 'users', '-n', namespace, '--ignore-not-found', '-o', 'json'];
  const found = await kubectl(get);
  const passwords = found ? decoded(found) : await createSecret(kubectl);
  return {
    address: `mongodb://localhost:${hostPort}`,
    podAddress: `mongodb://mongodb.${namespace}.svc.cluster.local:27017`,
    options: '',
    users: Object.fromEntries(
      mongoDatabases.map((name) => [name, { username: name, password: passwords[name] ?? '' }]),
    ),
  };
}

function decoded(secret: string): Record<string, string> {
  const { data }: { data: Record<string, string> } = JSON.parse(secret);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

async function createSecret(kubectl: Kubectl): Promise<Record<string, string>> {
  const names = ['root', ...mongoDatabases];
  const stringData = Object.fromEntries(names.map((name) => [name, newPassword()]));
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'users', namespace },
      stringData,
    },
  ];
  // On standard input, never as an argument: those are visible to every user of the machine.
  await kubectl(['apply', '-f', '-'], objects.map((each) => stringify(each)).join('---\n'));
  return stringData;
}
