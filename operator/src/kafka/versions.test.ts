import { expect, test } from 'vitest';
import { kafka28, kafka30, kafka41, type Versions } from './testing.ts';
import { chooseApis } from './versions.ts';

const rangesOf = (all: Versions) =>
  Object.entries(all).map(([key, [minVersion, maxVersion]]) => ({
    apiKey: Number(key),
    minVersion,
    maxVersion,
  }));

const versions = (broker: Versions) =>
  Object.fromEntries(
    Object.entries(chooseApis(rangesOf(broker), 'kafka:9092')).map(([name, api]) => [
      name,
      api?.version,
    ]),
  );

test('a new broker is spoken to in the newest versions', () => {
  expect(versions(kafka41)).toEqual({
    metadata: 12,
    findCoordinator: 6,
    offsetFetch: 9,
    listOffsets: 9,
    describeGroups: 5,
    listGroups: 5,
    consumerGroupDescribe: 0,
    shareGroupDescribe: 1,
  });
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

test.for<[string, Versions, string]>([
  ['older', kafka28, 'FindCoordinator versions: 0 to 3; lagscaler speaks 6, 5, 4'],
  [
    'so new that it dropped our versions',
    { ...kafka41, 3: [14, 20] },
    'Metadata versions: 14 to 20',
  ],
  ['something else', {}, 'Metadata versions: none'],
])('a broker that is %s is refused by name', ([, broker, message]) => {
  expect(() => chooseApis(rangesOf(broker), 'kafka:9092')).toThrow(`kafka:9092: offers ${message}`);
});
