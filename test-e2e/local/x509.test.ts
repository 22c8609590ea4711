import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority, createCertificate } from './x509.ts';

const authority = createAuthority('test authority');
const issuer = { key: authority.key, commonName: 'test authority' };
const hosts = ['localhost', '127.0.0.1'];
const server = createCertificate(issuer, { commonName: 'server', hosts });
const keyOf = (made: typeof server) => made.key.export({ type: 'pkcs8', format: 'pem' });

test('a certificate is signed by the authority and says for whom it is', () => {
  const issued = new X509Certificate(
    createCertificate(issuer, { commonName: 'me', organization: 'system:masters' }).certificate,
  );
  const ca = new X509Certificate(authority.certificate);
  expect(ca.ca).toBe(true);
  expect(issued.ca).toBe(false);
  expect(issued.checkIssued(ca) && issued.verify(ca.publicKey)).toBe(true);
  expect(issued.subject).toBe('O=system:masters\nCN=me');
});

test('serial numbers are positive and differ', () => {
  const serials = Array.from({ length: 20 }, () => {
    const { certificate } = createCertificate(issuer, { commonName: 'n' });
    return new X509Certificate(certificate).serialNumber;
  });
  expect(new Set(serials).size).toBe(20);
  for (const serial of serials) expect(serial).toMatch(/^0?1/);
});

test('a server with such a certificate is trusted through the authority, under its own names only', async () => {
  const listener = createServer({ key: keyOf(server), cert: server.certificate }, (socket) =>
    socket.end(),
  ).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const options = { port, host: '127.0.0.1', ca: authority.certificate };
  const trusted = connect({ ...options, servername: 'localhost' });
  await once(trusted, 'secureConnect');
  expect(trusted.authorized).toBe(true);
  trusted.destroy();
  const wrongName = connect({ ...options, servername: 'elsewhere' });
  await expect(once(wrongName, 'secureConnect')).rejects.toThrow(/altnames/);
  listener.close();
});
