import { parsePartitionList } from '../autoscaler/partition-list.ts';
import type { OffsetReading } from '../autoscaler/types.ts';
import { connectionOf, NotAllowedError } from './connection.ts';
import { type LagRequest, type Ports, type Scaler, SecretError, type TargetRef } from './ports.ts';

export function targetRefOf(scaler: Scaler): TargetRef {
  const { apiVersion, kind, name } = scaler.spec.scaleTargetRef;
  return { namespace: scaler.namespace, apiVersion, kind, name };
}

type Unavailable = Extract<OffsetReading, { kind: 'unavailable' }>;

/** Lag, or why there is none. */
export async function readLag(
  scaler: Scaler,
  ports: Ports,
  signal: AbortSignal,
): Promise<OffsetReading> {
  const request = await lagRequestOf(scaler, ports, signal);
  return 'kind' in request ? request : await ports.lag.read(scaler.key, request, signal);
}

/** The lag request of a scaler, or the reading that says why there can be none. */
async function lagRequestOf(
  scaler: Scaler,
  ports: Ports,
  signal: AbortSignal,
): Promise<LagRequest | Unavailable> {
  const { consumer } = scaler.spec;
  try {
    return {
      connection: await connectionOf(scaler, ports, signal),
      group: consumer.group,
      topics: consumer.topics ?? [],
      partitions: parsePartitionList(consumer.partitions) ?? undefined,
      isolationLevel: consumer.isolationLevel,
      withMembers: scaler.spec.sizing.timeLag !== undefined,
    };
  } catch (error) {
    return withoutConnection(error);
  }
}

/** @throws what is not about Secrets or permissions */
function withoutConnection(error: unknown): Unavailable {
  if (error instanceof NotAllowedError) {
    return { kind: 'unavailable', reason: 'InvalidSpec', message: error.message, error };
  }
  if (!(error instanceof SecretError)) throw error;
  const reason = error.code === 'Unavailable' ? 'LagUnknown' : 'SecretNotFound';
  return { kind: 'unavailable', reason, message: error.message, error };
}
