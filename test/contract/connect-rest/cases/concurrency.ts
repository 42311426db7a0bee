import type { Json, Step } from '../step.ts';
import { idle } from './http.ts';

/** Simultaneous requests. */
const CONNECTORS = 50;
/** Kafka Connect accepts names with a slash or a percent sign that it cannot delete. */
const ownNames = (body: Json): string[] => body.filter((name: string) => /^(crowd|wanted)/.test(name)).toSorted();
const expanded = (body: Json) => Object.entries<Json>(body).filter(([name]) => name.startsWith('crowd-'));
const stopped = (body: Json) => expanded(body).filter(([, { status }]) => status.connector.state === 'STOPPED');

export const concurrency: readonly Step[] = [
  {
    name: 'concurrent: one name, eight creations at once',
    method: 'POST',
    path: '/connectors',
    body: { name: 'wanted', config: idle, initial_state: 'STOPPED' },
    concurrency: 8,
    select: bodies => [...new Set(bodies.map((body: Json) => body.message ?? body.name))].sort(),
    differs: {
      reason: 'Of several simultaneous requests that create one name, exactly one returns 201',
      status: 409,
      sometimes: true,
      pattern: /"201":1,"409":7/,
    },
  },
  { name: 'concurrent: it is there once', method: 'GET', path: '/connectors', select: ownNames },
  { name: 'concurrent: its configuration', method: 'GET', path: '/connectors/wanted/config' },
  { name: 'concurrent: it is deleted', method: 'DELETE', path: '/connectors/wanted' },
  {
    name: `concurrent: ${CONNECTORS} are made at once`,
    method: 'POST',
    path: '/connectors',
    body: { name: 'crowd-{{n}}', config: idle, initial_state: 'STOPPED' },
    concurrency: CONNECTORS,
    select: bodies => bodies.map((body: Json) => body.name).sort(),
  },
  {
    name: 'concurrent: all are listed',
    method: 'GET',
    path: '/connectors',
    until: body => ownNames(body).length === CONNECTORS,
    select: ownNames,
  },
  {
    name: 'concurrent: all are stopped',
    method: 'GET',
    path: '/connectors?expand=status&expand=info',
    until: body => stopped(body).length === CONNECTORS,
    select: body => [stopped(body).length, ...expanded(body).filter(([name]) => name === 'crowd-7')],
  },
  {
    name: 'concurrent: each has its configuration',
    method: 'GET',
    path: '/connectors/crowd-{{n}}/config',
    concurrency: CONNECTORS,
    select: bodies => bodies.map((body: Json) => body.name),
  },
  {
    name: 'concurrent: all are changed at once',
    method: 'PUT',
    path: '/connectors/crowd-{{n}}/config',
    body: { ...idle, file: '{{folder}}/{{n}}.txt' },
    concurrency: CONNECTORS,
    select: bodies => bodies.map((body: Json) => body.config.file),
  },
  {
    name: 'concurrent: one is patched by ten at once',
    method: 'PATCH',
    path: '/connectors/crowd-0/config',
    body: { 'key.{{n}}': 'x' },
    concurrency: 10,
  },
  {
    name: 'concurrent: all are deleted at once',
    method: 'DELETE',
    path: '/connectors/crowd-{{n}}',
    concurrency: CONNECTORS,
  },
  {
    name: 'concurrent: none is left',
    method: 'GET',
    path: '/connectors',
    until: body => ownNames(body).length === 0,
    select: ownNames,
  },
];
