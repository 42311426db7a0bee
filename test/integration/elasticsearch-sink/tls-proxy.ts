import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findJava } from '../../../src/stack/servers/kafka-program.ts';

const run = promisify(execFile);
export const storePassword = 'store-pass';

/** A self-signed certificate: PKCS12 with the key, PEM with the certificate only. */
export interface Identity {
  readonly store: string;
  readonly pem: string;
}

/** name: host name of the certificate. */
export async function identityFor(folder: string, name: string): Promise<Identity> {
  const java = await findJava();
  if (java === undefined) throw new Error('keytool, which is part of Java, is needed to create certificates');
  const keytool = join(dirname(java), 'keytool');
  const [store, pem] = [join(folder, `${name}.p12`), join(folder, `${name}.pem`)];
  const at = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', storePassword, '-alias', 'own'];
  const names = ['-dname', `CN=${name}`, '-ext', `SAN=${/^[\d.]+$/.test(name) ? 'ip' : 'dns'}:${name}`];
  await run(keytool, ['-genkeypair', ...at, ...names, '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2']);
  await run(keytool, ['-exportcert', ...at, '-rfc', '-file', pem]);
  return { store, pem };
}

export interface FrontOptions {
  readonly identity: Identity;
  /** Required user:password. */
  readonly login?: string;
  /** Trusted client certificates; without it none is requested. */
  readonly clients?: Identity;
}

/** Starts a TLS proxy with authentication for a cluster. Returns its URL. */
export async function startFront(
  server: string,
  { identity, login, clients }: FrontOptions,
): Promise<AsyncDisposable & { readonly url: string }> {
  const expectedLogin = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const front = createServer(
    {
      pfx: await readFile(identity.store),
      passphrase: storePassword,
      ...(clients === undefined ? {} : { requestCert: true, ca: await readFile(clients.pem) }),
    },
    (incoming, outgoing) => {
      if (expectedLogin !== undefined && incoming.headers.authorization !== expectedLogin) {
        outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="security"' }).end('{}');
        return;
      }
      const { method = 'GET', url = '/', headers } = incoming;
      const { authorization: _, ...rest } = headers;
      const inner = request(`${server}${url}`, { method, headers: rest }, answer => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      inner.on('error', () => outgoing.destroy());
      incoming.pipe(inner);
    },
  );
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        front.close(() => resolve());
        front.closeAllConnections();
      }),
  };
}
