import { expect, test } from 'vitest';
import { applicableSources, manifestsIn, yamlBlocks } from './sources.ts';

test('YAML blocks of Markdown are found, in lists too, and no others', () => {
  const markdown = [
    '```yaml',
    'a: 1',
    '```',
    '```sh',
    'b: 2',
    '```',
    '- in a list:',
    '  ```yml title=c',
    '  c:',
    '    d: 3',
    '  ```',
  ].join('\n');
  expect(yamlBlocks(markdown)).toEqual(['a: 1\n', 'c:\n  d: 3\n']);
});

test('objects are told from extracts', () => {
  const text = 'kind: extract\n---\napiVersion: v1\nkind: Pod\n---\n# nothing\n';
  expect(manifestsIn({ name: 'x', text })).toEqual([{ apiVersion: 'v1', kind: 'Pod' }]);
});

test('what is no YAML is an error that says where', () => {
  expect(() => manifestsIn({ name: 'docs/x.md', text: 'a: [' })).toThrow('docs/x.md');
});

test('the README and every sample are among the sources', () => {
  const names = applicableSources().map(({ name }) => name);
  expect(names).toContain('README.md, YAML block 1');
  expect(names).toContain('samples/user-approval-service.yaml');
});
