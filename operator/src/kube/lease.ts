import type { ObjectMeta } from './resource.ts';

export const leases = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' };

export interface Lease {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** A Lease that does not exist yet has only its place. */
export type NewLease = { readonly metadata: { readonly namespace: string; readonly name: string } };

/**
 * The Lease as `holder` wants it; an undefined holder gives it back. The metadata, and with it the
 * resourceVersion, stays: the write is refused when another came first.
 * @param now epoch ms, only for people to read
 */
export function leaseFor(
  lease: Lease | NewLease,
  holder: { readonly identity: string | undefined; readonly durationMs: number },
  now: number,
): unknown {
  const before = 'spec' in lease ? lease.spec : undefined;
  const isNewHolder = before?.holderIdentity !== holder.identity;
  const transitions = before?.leaseTransitions ?? 0;
  return {
    apiVersion: leases.apiVersion,
    kind: 'Lease',
    metadata: lease.metadata,
    spec: {
      holderIdentity: holder.identity,
      leaseDurationSeconds: Math.ceil(holder.durationMs / 1000),
      acquireTime: isNewHolder ? microTime(now) : before?.acquireTime,
      renewTime: microTime(now),
      leaseTransitions: before && isNewHolder && holder.identity ? transitions + 1 : transitions,
    },
  };
}

/** MicroTime wants six digits after the second and refuses the three of a Date (traps C18, #828). */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
