import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import type { Answer, Json, Step, Surroundings } from './step.ts';

/** Sends the requests of the script to a REST server in order, and returns the answers by step name. */
export async function play(
  base: string,
  steps: readonly Step[],
  surroundings: Surroundings,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const step of steps) {
    const once = () => settled(base, step, surroundings);
    const { until, atOnce } = step;
    if (atOnce !== undefined) {
      answers.set(step.what, await crowd(base, step, atOnce, surroundings));
      continue;
    }
    const answer =
      until === undefined
        ? await once()
        : await eventually(step.what, async () => {
            const seen = await once();
            if (!until(seen.body)) throw new Error(JSON.stringify(seen));
            return seen;
          });
    answers.set(step.what, { ...answer, ...(step.of && answer.status < 300 && { body: step.of(answer.body) }) });
  }
  return answers;
}

/** Repeats a request that Kafka Connect rejects because of a rebalance, whose duration is random. */
async function settled(base: string, step: Step, around: Surroundings): Promise<Answer> {
  for (;;) {
    const answer = await send(base, step, around);
    if (!/rebalance/.test((answer.body as Json)?.message ?? '')) return answer;
  }
}

/** Sends simultaneous requests. Returns the number of answers of each status, and the selected part of all bodies. */
async function crowd(base: string, step: Step, count: number, around: Surroundings): Promise<Answer> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const all = await Promise.all(numbers.map(n => send(base, step, around, n)));
  const statuses: Record<string, number> = {};
  for (const { status } of all) statuses[status] = (statuses[status] ?? 0) + 1;
  const body = step.of?.(all.map(answer => answer.body));
  return { status: Math.max(...all.map(({ status }) => status)), statuses, ...(body === undefined ? {} : { body }) };
}

/** Replaces fetch, which normalizes paths and sends no body with some methods. */
async function send(base: string, step: Step, around: Surroundings, n = 0): Promise<Answer> {
  const { method, path, body, type, headers: more } = step;
  const values = { ...around, n: String(n) };
  const payload =
    body === undefined ? undefined : filled(typeof body === 'string' ? body : JSON.stringify(body), values);
  const asked = request(base + filled(path, values), {
    method,
    agent: false,
    headers: {
      ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
      ...(payload !== undefined && type !== '' && { 'content-type': type ?? 'application/json' }),
      ...more,
    },
  });
  const answer = new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', response => {
      text(response).then(
        read => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read }),
        reject,
      );
    });
  });
  asked.end(payload);
  const { status, headers, body: read } = await answer;
  const { location } = headers;
  return {
    status,
    ...(status < 300 && read !== '' ? { type: String(headers['content-type']) } : {}),
    ...(typeof location === 'string' ? { location: location.replace(base, '<base>') } : {}),
    ...(read === '' ? {} : { body: neutral(parsed(read), around) }),
  };
}

const filled = (text: string, values: Surroundings & { n: string }): string =>
  text.replace(/\{\{(\w+)\}\}/g, (_all, name: keyof typeof values) => values[name]);

function parsed(read: string): Json {
  try {
    return JSON.parse(read);
  } catch {
    return '<no JSON>';
  }
}

/** Fields that depend on the server: worker, version and stack trace; and fields that only Millrace has. */
const own: Readonly<Record<string, unknown>> = { worker_id: '<worker>', version: '<version>', trace: '<trace>' };
const beyond = ['attempt', 'last_failure', 'figures'];

function neutral(value: Json, around: Surroundings, key = ''): Json {
  if (key in own && typeof value === 'string') return own[key];
  if (typeof value === 'string') return withoutPlaces(value, around);
  if (Array.isArray(value)) return value.map(one => neutral(one, around));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !beyond.includes(name));
  return Object.fromEntries(entries.map(([name, one]) => [name, neutral(one, around, name)]).sort());
}

function withoutPlaces(text: string, around: Surroundings): string {
  const { user, topic, url, folder } = around;
  // The user name is part of many words.
  if (text === user) return '{{user}}';
  const placed = Object.entries({ topic, url, folder }).reduce(
    (rest, [name, there]) => rest.replaceAll(there, `{{${name}}}`),
    text,
  );
  // Paths of a Java installation, and positions that depend on the names of this run.
  return placed.replace(/PluginDesc\{.*\}/s, '<plugins>').replace(/line: 1, column: \d+/g, 'line: 1, column: <n>');
}
