import { type ApiClient, isNotFound } from './api.ts';
import type { ConfigData, ConfigReader } from './env.ts';

/** Forty pods of one ReplicaSet read the same ConfigMap within a second: one GET serves them. */
const cacheMs = 1_000;

interface ConfigObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Reads ConfigMaps and Secrets from the API server. */
export function createConfigReader(api: ApiClient): ConfigReader {
  const recent = new Map<string, Promise<ConfigData | undefined>>();
  const read = (path: string, text: 'utf8' | 'base64') => {
    const known = recent.get(path);
    if (known !== undefined) return known;
    const reading = fetchData(api, path, text);
    recent.set(path, reading);
    setTimeout(() => recent.delete(path), cacheMs).unref();
    return reading;
  };
  const pathOf = (kind: string, namespace: string, name: string) =>
    `/api/v1/namespaces/${namespace}/${kind}/${name}`;
  return {
    configMap: (namespace, name) => read(pathOf('configmaps', namespace, name), 'utf8'),
    secret: (namespace, name) => read(pathOf('secrets', namespace, name), 'base64'),
  };
}

async function fetchData(
  api: ApiClient,
  path: string,
  text: 'utf8' | 'base64',
): Promise<ConfigData | undefined> {
  try {
    const { data = {}, binaryData = {} } = await api.get<ConfigObject>(path);
    const values: Record<string, Buffer> = {};
    for (const [key, value] of Object.entries(data)) values[key] = Buffer.from(value, text);
    for (const [key, value] of Object.entries(binaryData)) {
      values[key] = Buffer.from(value, 'base64');
    }
    return values;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
