import { areComplete, type Binaries, buildMissing, findInstalled } from './binaries.ts';
import { fetchKafkaJars, haveJars, type KafkaJars } from './kafka-jars.ts';
import type { Progress } from './progress.ts';
import { go, java, maven, requireTools } from './tools.ts';

/**
 * Everything a stack needs on disk: from the machine, from the cache, or fetched and built now.
 * @throws Error that names all missing tools at once
 */
export async function prepareSoftware(
  progress: Progress,
  signal: AbortSignal,
): Promise<{ binaries: Binaries; kafka: KafkaJars }> {
  if (process.platform !== 'linux')
    throw new Error(
      'the embedded stack needs Linux (it uses /proc and 127.0.0.0/8): use CLUSTER=kind here',
    );
  const installed = await findInstalled();
  const fetching = haveJars() ? [] : [maven];
  const building = areComplete(installed) ? [] : [go];
  await requireTools([java, ...fetching, ...building]);
  const kafka = await fetchKafkaJars(progress, signal);
  const binaries = await buildMissing(installed, progress, signal);
  return { binaries, kafka };
}
