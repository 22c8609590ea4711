import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** How to reach one API server: PEM texts, or undefined where the kubeconfig names none. */
export interface ClusterAccess {
  readonly server: string;
  readonly ca: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  readonly token: string | undefined;
}

type Section = Readonly<Record<string, string | undefined>>;
type Named = Readonly<Record<string, unknown>> & { readonly name: string };
interface KubeconfigFile {
  readonly 'current-context'?: string;
  readonly contexts?: readonly Named[];
  readonly clusters?: readonly Named[];
  readonly users?: readonly Named[];
}

/** Reads the current context of a kubeconfig. Throws an Error that names the missing entry. */
export function readKubeconfig(path: string): ClusterAccess {
  const file = parse(readFileSync(path, 'utf8')) as KubeconfigFile;
  const section = (list: readonly Named[] | undefined, kind: string, name: string | undefined) => {
    const entry = list?.find((each) => each.name === name)?.[kind];
    if (!entry) throw new Error(`${path}: no ${kind} named "${name ?? ''}"`);
    return entry as Section;
  };
  const context = section(file.contexts, 'context', file['current-context']);
  const cluster = section(file.clusters, 'cluster', context['cluster']);
  const user = section(file.users, 'user', context['user']);
  const server = cluster['server'];
  if (!server) throw new Error(`${path}: cluster "${context['cluster']}" has no server`);
  const pem = (from: Section, key: string) => pemOf(from, key, dirname(path));
  return {
    server,
    ca: pem(cluster, 'certificate-authority'),
    clientCert: pem(user, 'client-certificate'),
    clientKey: pem(user, 'client-key'),
    token: user['token'],
  };
}

function pemOf(from: Section, key: string, base: string): string | undefined {
  const data = from[`${key}-data`];
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const file = from[key];
  return file ? readFileSync(resolve(base, file), 'utf8') : undefined;
}
