/**
 * Images of others without a digest. Each could not be looked up, since no registry could be reached
 * when these files were written. Pin before production: `digest: sha256:…` beside the name under
 * `images:` of a kustomization, see deploy/placeholder/kustomization.yaml; for the base of a build
 * `--build-arg NODE_IMAGE=…@sha256:…`, see the top of each Dockerfile. Then take it out here.
 */
export const withoutDigest: ReadonlySet<string> = new Set([
  'apache/kafka:4.1.0',
  'mongo:8.0',
  'registry.k8s.io/pause:3.10',
  'node:24-bookworm-slim',
]);

/** Built from this tree by whoever applies it, so that there is no digest to write down yet. */
const own = /^lagscaler\/[a-z][a-z-]*:dev$/;

/** A tag may be moved to other contents; only a digest says exactly which image runs. */
export function pinned(what: string, image: string | undefined): readonly string[] {
  const name = image ?? '';
  if (/@sha256:[0-9a-f]{64}$/.test(name)) return [];
  if (withoutDigest.has(name) || own.test(name)) return [];
  const [path = ''] = name.split('@');
  const tag = /:([^/:]+)$/.exec(path)?.[1];
  if (tag === undefined) return [`${what}: image "${name}" has neither a tag nor a digest`];
  if (tag === 'latest') return [`${what}: image "${name}" is whatever is latest`];
  return [`${what}: image "${name}" has no digest: append @sha256:…`];
}

/** Exempt images that nothing uses any more. */
export function idleWithoutDigest(used: readonly string[]): readonly string[] {
  const idle = [...withoutDigest].filter((image) => !used.includes(image));
  return idle.map((image) => `no need to exempt image "${image}" from having a digest`);
}
