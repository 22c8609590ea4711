import { areComplete, type Binaries, buildMissing, findInstalled } from './binaries.ts';
import { fetchKafkaJars, type KafkaJars, kafkaJarSet } from './kafka-jars.ts';
import { haveJars } from './maven-jars.ts';
import { fetchMongoJars, haveServer, type MongoJars, mongoJarSet } from './mongo.ts';
import type { Progress } from './progress.ts';
import { go, java, jdk, maven, requireTools } from './tools.ts';

/**
 * Everything a stack needs on disk: from the machine, from the cache, or fetched and built now.
 * @throws Error that names all missing tools at once
 */
export async function prepareSoftware(
  progress: Progress,
  signal: AbortSignal,
): Promise<{ binaries: Binaries; kafka: KafkaJars; mongo: MongoJars }> {
  if (process.platform !== 'linux')
    throw new Error(
      'the embedded stack needs Linux (it uses /proc and 127.0.0.0/8): use CLUSTER=kind here',
    );
  const installed = await findInstalled();
  const fetching = haveJars(kafkaJarSet) && haveJars(mongoJarSet) ? [] : [maven];
  const compiling = haveServer() ? [] : [jdk];
  const building = areComplete(installed) ? [] : [go];
  await requireTools([java, ...fetching, ...compiling, ...building]);
  const kafka = await fetchKafkaJars(progress, signal);
  const mongo = await fetchMongoJars(progress, signal);
  const binaries = await buildMissing(installed, progress, signal);
  return { binaries, kafka, mongo };
}
