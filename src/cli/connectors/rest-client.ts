import { Exit, exitStatus } from '../program.ts';

/** Exit statuses of `millrace connectors`. */
export const connectorsExit = { ...exitStatus, unreachable: 3, unhealthy: 4 } as const;

export const DEFAULT_URL = 'http://127.0.0.1:8083';
/** Longer than any timeout of the server. */
const REQUEST_TIMEOUT_MS = 120_000;

export interface RestAnswer {
  readonly status: number;
  /** The unparsed body; empty for 202 and 204. */
  readonly text: string;
  /** The parsed body; undefined without one. */
  readonly json: unknown;
}

export interface RestRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Parts of the path, not encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

export interface RestClient {
  /** Sends a request and returns a successful answer. Otherwise prints the error on stderr and throws `Exit`. */
  send(request: RestRequest): Promise<RestAnswer>;
}

/**
 * Creates a client of the REST API of Kafka Connect or Millrace. url: may have a path and a user with a password.
 * json: prints the server's answers unchanged on stdout, errors included.
 */
export function restClient(url: string, json: boolean): RestClient {
  const { base, authorization } = baseOf(url);
  return {
    async send({ method = 'GET', path, query = {}, body }) {
      const address = new URL(path.map(encodeURIComponent).join('/'), base);
      for (const [name, values] of Object.entries(query))
        for (const value of [values].flat()) address.searchParams.append(name, value);
      const answer = await orUnreachable(
        fetch(address, {
          method,
          headers: {
            accept: 'application/json',
            ...(authorization === undefined ? {} : { authorization }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        }).then(async response => ({ status: response.status, text: await response.text() })),
        base,
      );
      const parsed = jsonOf(answer.text);
      if (json && parsed !== undefined) process.stdout.write(`${answer.text.trim()}\n`);
      if (answer.status >= 200 && answer.status < 300 && (answer.text === '' || parsed !== undefined))
        return { ...answer, json: parsed };
      throw exitWithAnswer(answer.status, parsed, base);
    },
  };
}

function baseOf(text: string): { base: URL; authorization: string | undefined } {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw exitWith(connectorsExit.usage, `--url must be an address such as ${DEFAULT_URL}.`);
  const { username, password } = base;
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base, authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}` };
}

async function orUnreachable<T>(request: Promise<T>, base: URL): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw exitWith(
      connectorsExit.unreachable,
      `No answer from ${base.origin} (${reasonOf(error)}): start a worker with \`millrace worker\`, or set the REST server’s address with --url or MILLRACE_URL.`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error.name === 'TimeoutError' ? `no answer within ${REQUEST_TIMEOUT_MS / 1000} s` : error.message;
}

function exitWithAnswer(status: number, body: unknown, base: URL): Exit {
  const message = (body as { message?: unknown } | undefined)?.message;
  const unreachable = status === 502 || status === 503 || status === 504;
  return exitWith(
    unreachable ? connectorsExit.unreachable : connectorsExit.failed,
    typeof message === 'string'
      ? message
      : `${base.origin} answered ${status} in a form that Kafka Connect's REST API does not have: check --url.`,
  );
}

/** Prints the sentence on stderr; returns the error to throw. */
export function exitWith(status: number, sentence: string): Exit {
  process.stderr.write(`millrace: ${sentence}\n`);
  return new Exit(status);
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
