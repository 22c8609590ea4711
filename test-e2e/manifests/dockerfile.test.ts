// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Docker's own placeholders.
import { expect, test } from 'vitest';
import { basesOf, lintDockerfile } from './dockerfile.ts';

const good = `# A comment: FROM scratch:latest
ARG BASE=node:24-bookworm-slim
FROM \${BASE} AS build
RUN npm install
FROM build AS tested
FROM \${BASE}
COPY --from=build /app /app
USER 65532:65532
ENTRYPOINT ["node", "main.ts"]
`;

test('D7: a Dockerfile that has everything passes', () => {
  expect(lintDockerfile(good)).toEqual([]);
  expect(lintDockerfile(good.replaceAll('${BASE}', 'node@sha256:01'))).toEqual([]);
});

test.for<[string, string, string, string]>([
  ['a base without a tag', '=node:24-bookworm-slim', '=node', 'neither a tag nor a digest'],
  ['the latest base', ':24-bookworm-slim', ':latest', 'whatever is latest'],
  ['a base without a digest', 'node:24-bookworm-slim', 'alpine:3.22', 'has no digest'],
  ['a base that no build can pin', '${BASE} AS', 'node:24 AS', 'FROM node:24: make it an ARG'],
  ['a base that is not defined', 'ARG BASE', 'ARG BASIS', 'make it an ARG'],
  ['no user', 'USER', 'LABEL', 'USER is missing'],
  ['root', 'USER 65532:65532', 'USER 0:65532', 'USER is 0:65532'],
  ['a user by name', 'USER 65532:65532', 'USER node', 'USER is node'],
  ['a shell in front', '["node", "main.ts"]', 'node main.ts', 'ENTRYPOINT is not in exec form'],
])('D7: %s is found', ([, planted, instead, problem]) => {
  expect(good).toContain(planted);
  expect(lintDockerfile(good.replaceAll(planted, instead)).join('\n')).toContain(problem);
});

test('the bases of a Dockerfile are told, its own stages are none', () => {
  expect(basesOf(good)).toEqual(['node:24-bookworm-slim', 'node:24-bookworm-slim']);
});

test('D7: an empty Dockerfile is no good one', () => {
  expect(lintDockerfile('')).toContain('there is no FROM');
});
