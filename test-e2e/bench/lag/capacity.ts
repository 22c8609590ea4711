import { readFileSync } from 'node:fs';
import { maxBrokers } from './broker-config.ts';

/** What one process may have, and what the machine has left. */
export interface Limits {
  /** RLIMIT_NOFILE, the hard one: Java raises its own up to it. */
  readonly openFiles: number;
  /** vm.max_map_count. */
  readonly memoryMaps: number;
  readonly freeMiB: number;
}

export interface Capacity {
  readonly brokers: number;
  readonly partitions: number;
  /** What holds it back from fewer brokers or more partitions; undefined when nothing does. */
  readonly because: string | undefined;
}

// Of one broker without partitions, seen: 150 files, 350 maps, 250 MiB. With 16,700: 1,050 MiB, and
// files in memory that add 13 KiB each.
const filesOfBroker = 1_000;
const mapsOfBroker = 1_500;
const miBOfBroker = 350;
const miBPerPartition = 0.065;
/** For the measured client, Kafka's tool and whatever else runs here. */
const miBForOthers = 3_000;

/**
 * How many brokers it takes to hold so many partitions without replicas, three at least. A log is one
 * open file and two files mapped into memory.
 */
export function capacityFor(wanted: number, limits: Limits): Capacity {
  const byFiles = limits.openFiles - filesOfBroker;
  const byMaps = Math.floor((limits.memoryMaps - mapsOfBroker) / 2);
  const each = Math.min(byFiles, byMaps);
  const brokers = Math.min(maxBrokers, Math.max(3, Math.ceil(wanted / each)));
  const room = limits.freeMiB - miBForOthers - brokers * miBOfBroker;
  const byMemory = Math.max(0, Math.floor(room / miBPerPartition));
  const partitions = Math.min(wanted, brokers * each, byMemory);
  const short = [
    partitions < wanted && partitions === byMemory && `${limits.freeMiB} MiB of free memory`,
    each < wanted / 3 && each === byFiles && `a limit of ${limits.openFiles} open files`,
    each < wanted / 3 && each === byMaps && `vm.max_map_count ${limits.memoryMaps}`,
  ].filter((reason) => reason !== false);
  return { brokers, partitions, because: short.join(', ') || undefined };
}

export function readLimits(): Limits {
  const number = (file: string, pattern: RegExp) => {
    const found = pattern.exec(readFileSync(file, 'utf8'))?.[1];
    return found === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(found);
  };
  const freeKiB = number('/proc/meminfo', /^MemAvailable:\s+(\d+) kB$/m);
  return {
    openFiles: number('/proc/self/limits', /^Max open files\s+\S+\s+(\S+)/m),
    memoryMaps: number('/proc/sys/vm/max_map_count', /(\d+)/),
    freeMiB: Math.floor(freeKiB / 1024),
  };
}
