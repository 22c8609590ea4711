import type { KafkaConsumerScalerSpec as Spec } from '../api/types.gen.ts';
import { parsePartitionList } from '../autoscaler/partition-list.ts';
import type { LagReading } from '../autoscaler/types.ts';
import {
  type KafkaConnection,
  type LagRequest,
  type Ports,
  type Scaler,
  SecretError,
  type SecretReader,
  type TargetRef,
} from './ports.ts';

export function targetRefOf(scaler: Scaler): TargetRef {
  const { apiVersion, kind, name } = scaler.spec.scaleTargetRef;
  return { namespace: scaler.namespace, apiVersion, kind, name };
}

/** Lag, or why there is none; the brokers' no to a Secret makes the next poll look for a changed one. */
export async function readLag(
  scaler: Scaler,
  ports: Ports,
  signal: AbortSignal,
): Promise<LagReading> {
  const request = await lagRequestOf(scaler, ports.secrets, signal);
  if ('kind' in request) return request;
  const reading = await ports.lag.read(scaler.key, request, signal);
  const isRefused = reading.kind === 'unavailable' && reading.reason === 'AuthenticationFailed';
  if (isRefused) forgetSecrets(scaler, ports.secrets);
  return reading;
}

/** The lag request of a scaler, or the reading that says why there can be none. */
async function lagRequestOf(
  scaler: Scaler,
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<LagRequest | Extract<LagReading, { kind: 'unavailable' }>> {
  const { kafka, consumer } = scaler.spec;
  try {
    return {
      connection: await connectionOf(scaler.namespace, kafka, secrets, signal),
      group: consumer.group,
      topics: consumer.topics ?? [],
      partitions: parsePartitionList(consumer.partitions) ?? undefined,
      isolationLevel: consumer.isolationLevel,
    };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const reason = error.code === 'Unavailable' ? 'LagUnknown' : 'SecretNotFound';
    return { kind: 'unavailable', reason, message: error.message, error };
  }
}

function forgetSecrets({ namespace, spec }: Scaler, secrets: SecretReader): void {
  const { tls, sasl } = spec.kafka;
  const refs = [tls?.caSecretRef, tls?.certSecretRef, tls?.keySecretRef, sasl?.secretRef];
  for (const ref of refs) if (ref) secrets.forget({ namespace, name: ref.name });
}

async function connectionOf(
  namespace: string,
  kafka: Spec['kafka'],
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<KafkaConnection> {
  const read = (name: string, key: string) => secrets.read({ namespace, name }, key, signal);
  const readRef = async (ref: { name: string; key: string } | undefined) =>
    ref ? read(ref.name, ref.key) : undefined;
  const { tls, sasl } = kafka;
  return {
    bootstrapServers: kafka.bootstrapServers,
    tls: tls && {
      ca: await readRef(tls.caSecretRef),
      cert: await readRef(tls.certSecretRef),
      key: await readRef(tls.keySecretRef),
      serverName: tls.serverName,
      insecureSkipVerify: tls.insecureSkipVerify ?? false,
    },
    sasl: sasl && {
      mechanism: sasl.mechanism,
      username: await read(sasl.secretRef.name, sasl.secretRef.usernameKey ?? 'username'),
      password: await read(sasl.secretRef.name, sasl.secretRef.passwordKey ?? 'password'),
    },
  };
}
