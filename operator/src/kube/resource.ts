/** A kind of object as the API server addresses it. */
export interface Resource {
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  readonly plural: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any object as it came from the API server; nothing beyond the metadata has been checked. */
export interface RawObject {
  readonly metadata: ObjectMeta;
}

export const kafkaConsumerScalers: Resource = {
  apiVersion: 'lagscaler.dev/v1alpha1',
  plural: 'kafkaconsumerscalers',
};

/** `/api/v1` or `/apis/group/version`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Path of a collection; without a namespace: of all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const base = groupPath(resource.apiVersion);
  if (namespace === undefined) return `${base}/${resource.plural}`;
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

export function objectPath(
  resource: Resource,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  subresource?: 'scale' | 'status',
): string {
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

export function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** The API group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
