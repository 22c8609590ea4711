import { expect, test } from 'vitest';
import { parseJaas } from './jaas.ts';

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';

test.for([
  ['as the documentation has it', `${plain} required username="alice" password="secret";`],
  ['over several lines', `${plain} required\n  username="alice"\n  password="secret" ;\n`],
  ['in single quotes, or none', `${plain} required username=alice password='secret';`],
  ['with blanks around the sign', `${plain} required username = "alice" password = "secret";`],
] as const)('options are read %s', ([, text]) => {
  const { loginModule, options } = parseJaas(text) ?? {};
  expect(loginModule).toBe(plain);
  expect(Object.fromEntries(options ?? [])).toEqual({ username: 'alice', password: 'secret' });
});

test('a quoted value may hold signs and escaped quotes', () => {
  const options = parseJaas(String.raw`m required password="a;b=c \"d\" \\e" x='"';`)?.options;
  expect(Object.fromEntries(options ?? [])).toEqual({ password: String.raw`a;b=c "d" \e`, x: '"' });
});

test.for([
  ['without the semicolon', 'm required a="b"'],
  ['without the flag', 'm;'],
  ['with a second module', 'm required a="b"; n required;'],
  ['with a value missing', 'm required a=;'],
  ['with the sign missing', 'm required a "b";'],
  ['with a quote left open', 'm required a="b;'],
  ['empty', ''],
] as const)('a configuration %s is none', ([, text]) => {
  expect(parseJaas(text)).toBeUndefined();
});
