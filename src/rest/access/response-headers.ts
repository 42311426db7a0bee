import type { FastifyInstance, FastifyReply } from 'fastify';
import { MillraceError } from '../../errors.ts';

export interface HeaderRule {
  readonly action: 'set' | 'add' | 'setdate' | 'adddate';
  readonly name: string;
  /** For dates: milliseconds to add to the time of the response. */
  readonly value: string;
}

/**
 * Parses `response.http.headers.config`: a comma-separated list of `[action] [name]:[value]`; a rule that contains a comma
 * is in double quotes. CONFIG_INVALID.
 */
export function parseHeaderRules(text: string | undefined): readonly HeaderRule[] {
  return splitRules(text ?? '').map(rule => {
    const [, action = '', name = '', value = ''] = /^(\S+)\s+([^:\s]+)\s*:(.*)$/s.exec(rule) ?? [];
    const ruleAction = actions.find(name => name === action.toLowerCase());
    const wrong =
      ruleAction === undefined || !isToken(name) || !isValue(value.trim()) || !isValidFor(ruleAction, value.trim());
    if (wrong)
      throw new MillraceError(
        'CONFIG_INVALID',
        `Invalid value ${rule} for configuration response.http.headers.config: a rule is [action] [header name]:[header value], with the action set, add, setDate or addDate, and milliseconds as the value of a date.`,
      );
    return { action: ruleAction, name, value: value.trim() };
  });
}

const actions = ['set', 'add', 'setdate', 'adddate'] as const;
/** RFC 9110, 5.1 and 5.5. */
const isToken = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
const isValue = (value: string): boolean => /^[\t\x20-\x7e]+$/.test(value);
const isValidFor = (action: HeaderRule['action'], value: string): boolean =>
  !action.endsWith('date') || /^-?\d{1,14}$/.test(value);

/** Splits at commas outside of quotes. */
function splitRules(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|[^",])+/g) ?? [];
  return parts
    .map(part =>
      part
        .trim()
        .replace(/^"([^"]*)"$/, '$1')
        .trim(),
    )
    .filter(part => part !== '');
}

export function addResponseHeaders(app: FastifyInstance, headers: readonly HeaderRule[]): void {
  app.addHook('onRequest', async (_request, reply) => {
    for (const rule of headers) apply(reply, rule);
  });
}

function apply(reply: FastifyReply, { action, name, value }: HeaderRule): void {
  const text = action.endsWith('date') ? new Date(Date.now() + Number(value)).toUTCString() : value;
  const present = reply.getHeader(name);
  const previous = action.startsWith('add') && present !== undefined ? [present].flat().map(String) : [];
  reply.header(name, previous.length === 0 ? text : [...previous, text]);
}
