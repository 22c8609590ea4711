import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ApiClient } from './api.ts';
import { sleep } from './clock.ts';
import type { Pod } from './types.ts';

const expirationSeconds = 3_607;
const refreshAfterMs = expirationSeconds * 0.8 * 1000;
const retryMs = 10_000;

/** The mount that the ServiceAccount admission plugin adds unless automounting is switched off. */
export function wantsToken(pod: Pod): boolean {
  const sources = pod.spec.volumes?.flatMap((volume) => volume.projected?.sources ?? []);
  return sources?.some((source) => source.serviceAccountToken) ?? false;
}

/** Asks for a token of the pod's ServiceAccount that is bound to the pod: it dies with it. */
export async function requestToken(api: ApiClient, pod: Pod): Promise<string> {
  const { namespace, name, uid } = pod.metadata;
  const account = pod.spec.serviceAccountName ?? 'default';
  const answer = await api.post<{ readonly status: { readonly token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
    },
  );
  return answer.status.token;
}

/** Where the files of `writePodKubeconfig` are, below the pod's directory. */
export interface PodKubeconfig {
  readonly kubeconfig: string;
  readonly token: string;
}

/**
 * Writes a kubeconfig that reads the token from a file, so that the token can be renewed.
 * The official JavaScript client knows a token file only as an auth provider and kubectl knows no
 * such provider, so there is a second file, `kubectl.kubeconfig`, for people.
 */
export async function writePodKubeconfig(
  api: ApiClient,
  pod: Pod,
  dir: string,
): Promise<PodKubeconfig> {
  const tokenFile = join(dir, 'token');
  await mkdir(dir, { recursive: true });
  await replaceFile(tokenFile, await requestToken(api, pod));
  const { server, ca } = api.access;
  const caData = ca && Buffer.from(ca).toString('base64');
  const build = (user: object) =>
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'local',
          cluster: { server, ...(caData && { 'certificate-authority-data': caData }) },
        },
      ],
      users: [{ name: 'pod', user }],
      contexts: [
        {
          name: 'pod',
          context: { cluster: 'local', user: 'pod', namespace: pod.metadata.namespace },
        },
      ],
      'current-context': 'pod',
    });
  const kubeconfig = join(dir, 'kubeconfig');
  const provider = { name: 'tokenFile', config: { tokenFile } };
  await writeFile(kubeconfig, build({ 'auth-provider': provider }), { mode: 0o600 });
  await writeFile(join(dir, 'kubectl.kubeconfig'), build({ tokenFile }), { mode: 0o600 });
  return { kubeconfig, token: tokenFile };
}

/** Renews the token file until the signal aborts. Never throws. */
export async function keepTokenFresh(
  api: ApiClient,
  pod: Pod,
  tokenFile: string,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = refreshAfterMs;
  for (;;) {
    await sleep(waitMs, signal);
    if (signal.aborted) return;
    try {
      await replaceFile(tokenFile, await requestToken(api, pod));
      waitMs = refreshAfterMs;
    } catch (error) {
      console.warn(`token of pod ${pod.metadata.name} not renewed, retrying:`, error);
      waitMs = retryMs;
    }
  }
}

/** A reader sees the old text or the new one, never half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
