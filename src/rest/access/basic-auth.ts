import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { parseProperties } from '../../config/worker-config/properties.ts';
import { MillraceError, messageOf } from '../../errors.ts';
import { HttpError } from '../errors.ts';

/** Passwords by user. */
export type Users = ReadonlyMap<string, string>;

type Props = Readonly<Record<string, string | undefined>>;

const EXTENSION = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';
const MODULE = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule';
const LOGIN_CONFIG = 'java.security.auth.login.config';

/**
 * Reads the users of the API if `rest.extension.classes` contains Kafka Connect's extension for HTTP Basic authentication.
 * Their file is that of the entry `KafkaConnect` in the JAAS file, which `-Djava.security.auth.login.config=…` in KAFKA_OPTS
 * or the worker property of that name sets. undefined: no authentication. CONFIG_INVALID, also for any other extension,
 * since requests that it would have rejected must not be served.
 */
export function readUsers(props: Props, environment: NodeJS.ProcessEnv = process.env): Users | undefined {
  const classes = (props['rest.extension.classes'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  if (classes.length === 0) return undefined;
  const unknown = classes.find(name => name !== EXTENSION && name !== 'BasicAuthSecurityRestExtension');
  if (unknown !== undefined)
    throw invalid(
      `rest.extension.classes contains ${unknown}, which is not available; the only one is ${EXTENSION}. The worker does not start without the protection that it may provide. Remove it, or replace it by a proxy in front of the worker.`,
    );
  const path = props[LOGIN_CONFIG] ?? optionIn(environment['KAFKA_OPTS'] ?? '');
  if (path === undefined)
    throw invalid(
      `${EXTENSION} needs a JAAS file: set ${LOGIN_CONFIG} in the worker's properties, or KAFKA_OPTS=-D${LOGIN_CONFIG}=… in its environment.`,
    );
  const file = credentialsFile(readText(path, LOGIN_CONFIG), path);
  const users = parseUsers(file, readText(file, `the option file in ${path}`));
  // Kafka Connect would allow everyone.
  if (users.size === 0) throw invalid(`${file} has no users: write a line user=password for each.`);
  return users;
}

function parseUsers(file: string, content: string): Users {
  try {
    return new Map(Object.entries(parseProperties(content)));
  } catch (error) {
    throw invalid(`${file} cannot be read: ${messageOf(error)}`);
  }
}

const optionIn = (options: string): string | undefined =>
  /(?:^|\s)"?-Djava\.security\.auth\.login\.config=(?:"([^"]+)"|([^\s"]+))/.exec(options)?.slice(1).find(Boolean);

function readText(path: string, source: string): string {
  try {
    return readFileSync(path.replace(/^file:/, ''), 'utf8');
  } catch (error) {
    throw invalid(`${source} cannot be read: ${messageOf(error)}.`);
  }
}

/** https://docs.oracle.com/javase/8/docs/technotes/guides/security/jgss/tutorials/LoginConfigFile.html */
function credentialsFile(jaas: string, path: string): string {
  const text = jaas.replace(/("[^"]*")|\/\*[\s\S]*?\*\/|(?:\/\/|#)[^\n]*/g, (_all, quoted?: string) => quoted ?? ' ');
  const [, entry] = /(?:^|[\s;])KafkaConnect\s*\{((?:"[^"]*"|[^"}])*)\}\s*;/.exec(text) ?? [];
  if (entry === undefined) throw invalid(`${path} has no entry KafkaConnect { … };`);
  const [, module, flag, options = ''] = /^\s*([\w.$]+)\s+(\w+)((?:"[^"]*"|[^";])*);\s*$/.exec(entry) ?? [];
  const [, quoted, plain] = /(?:^|\s)file\s*=\s*(?:"([^"]*)"|([^\s"]+))/.exec(options) ?? [];
  const file = quoted ?? plain;
  if (module !== MODULE || !/^(required|requisite)$/i.test(flag ?? '') || file === undefined || file === '')
    throw invalid(`The entry KafkaConnect in ${path} must have exactly one login module: ${MODULE} required file="…";`);
  return file;
}

/** Rejects every request without the credentials of a user. */
export function requireUser(app: FastifyInstance, users: Users): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isUser(request.headers.authorization, users)) return;
    reply.header('www-authenticate', 'Basic realm="Kafka Connect", charset="UTF-8"');
    throw new HttpError(401, 'User cannot access the resource.');
  });
}

/** https://www.rfc-editor.org/rfc/rfc7617 */
function isUser(header: string | undefined, users: Users): boolean {
  const [, credentials] = /^basic +([a-z0-9+/=_-]+)$/i.exec(header?.trim() ?? '') ?? [];
  if (credentials === undefined) return false;
  const text = Buffer.from(credentials, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon <= 0) return false;
  const password = users.get(text.slice(0, colon));
  // Takes the same time for an unknown user.
  return areEqual(text.slice(colon + 1), password ?? '') && password !== undefined;
}

/** Compares in constant time. */
const areEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const invalid = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);
