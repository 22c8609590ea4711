import type { Clock } from '../controller/clock.ts';
import { type Key, type KeyRef, SecretError, type SecretReader } from '../controller/ports.ts';
import type { KubeClient } from './client.ts';
import type { KubeError } from './errors.ts';
import { createObjectWatch, type ObjectWatch, type Watched } from './object-watch.ts';
import type { RawObject } from './resource.ts';
import { untilAborted } from './until-aborted.ts';
import type { WatchHooks } from './watch-cache.ts';

export interface SecretReaderOptions extends Pick<WatchHooks, 'onRestart'> {
  readonly client: KubeClient;
  readonly clock: Clock;
}

export interface WatchingSecretReader extends SecretReader {
  close(): Promise<void>;
}

/** The value of one key, decoded; undefined when there is no such key. */
type Values = (key: string) => string | undefined;

interface Shared {
  readonly watch: ObjectWatch<Values>;
  readonly owners: Set<Key>;
}

/**
 * One watch per Secret or ConfigMap that scalers name, shared by all of them and closed with the last:
 * a change is known at once, a poll makes no request, and nobody may list anything.
 */
export function createSecretReader(options: SecretReaderOptions): WatchingSecretReader {
  const watches = new Map<string, Shared>();
  const used = new Map<Key, ReadonlySet<string>>();
  const closing = new Set<Promise<void>>();

  function open({ kind, namespace, name }: KeyRef): Shared {
    const resource = { apiVersion: 'v1', plural: kind === 'Secret' ? 'secrets' : 'configmaps' };
    const trim = kind === 'Secret' ? secretValues : configMapValues;
    const watch = createObjectWatch({ ...options, resource, namespace, name, trim });
    return { watch, owners: new Set() };
  }

  function own(owner: Key, refs: readonly KeyRef[]): void {
    const before = used.get(owner);
    const now = new Set(refs.map(idOf));
    if (now.size > 0) used.set(owner, now);
    else used.delete(owner);
    for (const ref of refs) {
      const shared = watches.get(idOf(ref)) ?? open(ref);
      watches.set(idOf(ref), shared);
      shared.owners.add(owner);
    }
    for (const id of before ?? []) if (!now.has(id)) disown(owner, id);
  }

  function disown(owner: Key, id: string): void {
    const shared = watches.get(id);
    shared?.owners.delete(owner);
    if (!shared || shared.owners.size > 0) return;
    watches.delete(id);
    end(shared);
  }

  function end({ watch }: Shared): void {
    const done = watch.close();
    closing.add(done);
    void done.then(() => closing.delete(done));
  }

  return {
    async read(owner, refs, signal) {
      own(owner, refs);
      const objects = refs.map((ref) => watches.get(idOf(ref))?.watch);
      const states = Promise.all(objects.map((watch) => watch?.current()));
      const known = await untilAborted(states, signal);
      return refs.map((ref, i) => valueIn(ref, known[i] ?? { kind: 'missing' }));
    },
    release: (owner) => own(owner, []),
    async close() {
      for (const shared of watches.values()) end(shared);
      watches.clear();
      used.clear();
      await Promise.all(closing);
    },
  };
}

const idOf = ({ kind, namespace, name }: KeyRef): string => `${kind} ${namespace}/${name}`;

/** @throws SecretError */
function valueIn(ref: KeyRef, state: Watched<Values>): string {
  if (state.kind === 'failed') throw toSecretError(state.error, ref);
  if (state.kind === 'missing') {
    const message = `${idOf(ref)} does not exist: create it or correct its name in spec.kafka`;
    throw new SecretError('NotFound', message);
  }
  const value = state.value(ref.key);
  if (value !== undefined) return value;
  const message = `${idOf(ref)} has no key ${ref.key}: add it or correct the key in spec.kafka`;
  throw new SecretError('KeyNotFound', message);
}

function toSecretError(error: KubeError, ref: KeyRef): SecretError {
  if (error.code === 'Forbidden' || error.code === 'Unauthorized') {
    const message = `lagscaler may not get ${idOf(ref)}: allow it in the role of its ServiceAccount (${error.message})`;
    return new SecretError('Forbidden', message, { cause: error });
  }
  return new SecretError('Unavailable', `${idOf(ref)}: ${error.message}`, { cause: error });
}

type Data = Readonly<Record<string, string>>;

const secretValues = (raw: RawObject & { readonly data?: Data }): Values => decoding(raw.data);

function configMapValues(
  raw: RawObject & { readonly data?: Data; readonly binaryData?: Data },
): Values {
  const { data = {} } = raw;
  const binary = decoding(raw.binaryData);
  return (key) => (Object.hasOwn(data, key) ? data[key] : binary(key));
}

/** Decoded once, and only for who reads it. */
function decoding(data: Data = {}): Values {
  const decoded = new Map<string, string>();
  return (key) => {
    const text = Object.hasOwn(data, key) ? data[key] : undefined;
    if (text === undefined) return undefined;
    const value = decoded.get(key) ?? Buffer.from(text, 'base64').toString('utf8');
    decoded.set(key, value);
    return value;
  };
}
