import { expect, test } from 'vitest';
import { chooseApis, newestApis } from './versions.ts';

/** As the brokers answer ApiVersions: Metadata, FindCoordinator, OffsetFetch, ListOffsets, groups. */
const kafka41 = ranges({
  3: [0, 13],
  10: [0, 6],
  9: [1, 10],
  2: [1, 11],
  15: [0, 6],
  16: [0, 5],
  69: [0, 1],
  77: [1, 1],
});
const kafka30 = ranges({ 3: [0, 11], 10: [0, 4], 9: [0, 8], 2: [0, 7], 15: [0, 5], 16: [0, 4] });
const kafka28 = ranges({ 3: [0, 11], 10: [0, 3], 9: [0, 7], 2: [0, 6], 15: [0, 5], 16: [0, 4] });

function ranges(all: Record<number, [number, number]>) {
  return Object.entries(all).map(([key, [minVersion, maxVersion]]) => ({
    apiKey: Number(key),
    minVersion,
    maxVersion,
  }));
}

const versions = (list: ReturnType<typeof ranges>) =>
  Object.fromEntries(
    Object.entries(chooseApis(list, 'kafka:9092')).map(([name, api]) => [name, api?.version]),
  );

test('a new broker is spoken to in the newest versions', () => {
  expect(chooseApis(kafka41, 'kafka:9092')).toEqual(newestApis);
});

test('Kafka 3.0 is spoken to in its own, without KIP-848 and share groups', () => {
  expect(versions(kafka30)).toEqual({
    metadata: 11,
    findCoordinator: 4,
    offsetFetch: 8,
    listOffsets: 7,
    describeGroups: 5,
    listGroups: 4,
    consumerGroupDescribe: undefined,
    shareGroupDescribe: undefined,
  });
});

test.for([
  ['older', kafka28, 'FindCoordinator versions: 0 to 3; lagscaler speaks 6, 5, 4'],
  ['so new that it dropped our versions', ranges({ 3: [14, 20] }), 'Metadata versions: 14 to 20'],
  ['something else', [], 'Metadata versions: none'],
] as const)('a broker that is %s is refused by name', ([, list, message]) => {
  expect(() => chooseApis(list, 'kafka:9092')).toThrow(`kafka:9092: offers ${message}`);
});
