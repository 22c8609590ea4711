import { expect, test } from 'vitest';
import { type Capacity, capacityFor, type Limits } from './capacity.ts';

const roomy: Limits = { openFiles: 1_048_576, memoryMaps: 1_048_576, freeMiB: 22_000 };

test.for<[string, Limits, Capacity]>([
  [
    'three brokers hold all where the machine lets them',
    roomy,
    { brokers: 3, partitions: 100_000, because: undefined },
  ],
  [
    'few open files take more brokers',
    { ...roomy, openFiles: 20_000 },
    { brokers: 6, partitions: 100_000, because: 'a limit of 20000 open files' },
  ],
  [
    "Linux' own limit of memory maps takes one more",
    { ...roomy, memoryMaps: 65_530 },
    { brokers: 4, partitions: 100_000, because: 'vm.max_map_count 65530' },
  ],
  [
    'there is an end to brokers',
    { ...roomy, openFiles: 4_096 },
    { brokers: 15, partitions: 46_440, because: 'a limit of 4096 open files' },
  ],
  [
    'little memory takes fewer partitions',
    { ...roomy, freeMiB: 7_300 },
    { brokers: 3, partitions: 50_000, because: '7300 MiB of free memory' },
  ],
  [
    'no memory, no partitions',
    { ...roomy, freeMiB: 1_000 },
    { brokers: 3, partitions: 0, because: '1000 MiB of free memory' },
  ],
])('%s', ([, limits, expected]) => {
  expect(capacityFor(100_000, limits)).toEqual(expected);
});
