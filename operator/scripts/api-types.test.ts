import { expect, test } from 'vitest';
import { generateTypes } from './api-types.ts';
import { type Crd, readCrd, type Schema } from './crd.ts';

const text = { type: 'string' } as const;

/** The real CRD with another spec. */
function crdWith(properties: Record<string, Schema>, rules: string[] = []): Crd {
  const crd = readCrd();
  const status: Schema = { type: 'object', properties: {} };
  const validations = rules.map((rule) => ({ rule, message: 'set it' }));
  const spec: Schema = { type: 'object', properties, 'x-kubernetes-validations': validations };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, status } } };
  return { spec: { ...crd.spec, versions: [{ ...crd.spec.versions[0], schema }] } };
}

test.for([
  ['a field that may be absent is optional', crdWith({ a: text }), 'readonly a?: string;'],
  [
    'a field with a default is always there',
    crdWith({ a: { ...text, default: 'x' } }),
    'readonly a: string;',
  ],
  [
    'a field that a rule demands is always there',
    crdWith({ a: text }, ['has(self.a)']),
    'readonly a: string;',
  ],
  [
    'a field whose only alternative is reserved is always there',
    crdWith({ a: text, b: { ...text, description: 'Not available in this version.' } }, [
      'has(self.b) || has(self.a)',
    ]),
    'readonly a: string;',
  ],
  [
    'a field with a real alternative is optional',
    crdWith({ a: text, b: text }, ['has(self.b) || has(self.a)']),
    'readonly a?: string;',
  ],
  ['a list is readonly', crdWith({ a: { type: 'array', items: text } }), 'a?: readonly string[];'],
  [
    'a map is a readonly record',
    crdWith({ a: { type: 'object', additionalProperties: text } }),
    'a?: Readonly<Record<string, string>>;',
  ],
  ['a choice is a union', crdWith({ a: { ...text, enum: ['x', 'y'] } }), "a?: 'x' | 'y';"],
] as const)('%s', async ([, crd, line]) => expect(await generateTypes(crd)).toContain(line));

test('a reserved field is no part of the types', async () => {
  const reserved = { ...text, description: 'Not available in this version; use b.' };
  expect(await generateTypes(crdWith({ a: reserved, b: text }))).not.toContain('a?:');
});

test('two different objects of one name are an error, not a silent choice', async () => {
  const secret = (key: string): Schema => ({ type: 'object', properties: { [key]: text } });
  const crd = crdWith({ caSecretRef: secret('key'), certSecretRef: secret('path') });
  await expect(generateTypes(crd)).rejects.toThrow('named SecretKeyRef: extend typeNames');
});
