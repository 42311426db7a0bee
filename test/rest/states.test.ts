import { expect, test } from 'vitest';
import { info, status } from './recording-control.ts';
import { restApp } from './rest-app.ts';

test('status, with the fields of Millrace', async () => {
  const { ask } = restApp({ status: async name => status(name) });
  expect(await ask('GET', '/connectors/a/status')).toMatchObject({ status: 200, json: status('a') });
});

test.each([
  ['pause', 202],
  ['resume', 202],
  ['stop', 204],
] as const)('%s answers %i without a body', async (verb, code) => {
  const { ask, calls } = restApp({ [verb]: async () => undefined });
  expect(await ask('PUT', `/connectors/a/${verb}`)).toMatchObject({ status: code, body: '' });
  expect(await ask('PUT', `/connectors/a/${verb}`, { anything: 1 })).toMatchObject({ status: code });
  expect(calls[0]).toEqual([verb, 'a']);
});

test.each([
  ['', false, false, 204],
  ['?includeTasks=true', true, false, 202],
  ['?onlyFailed=TRUE', false, true, 202],
  ['?includeTasks=true&onlyFailed=true', true, true, 202],
  ['?includeTasks=banana&onlyFailed=', false, false, 204],
  ['?includeTasks=true&includeTasks=false', true, false, 202],
])('restart%s', async (query, includeTasks, onlyFailed, code) => {
  const { ask, calls } = restApp({ restart: async name => status(name) });
  const answer = await ask('POST', `/connectors/a/restart${query}`);
  expect(answer.status).toBe(code);
  expect(answer.json).toEqual(code === 202 ? status('a') : undefined);
  expect(calls).toEqual([['restart', 'a', { includeTasks, onlyFailed }]]);
});

test('tasks and one task', async () => {
  const tasks = [{ id: { connector: 'a', task: 0 }, config: { x: '1' } }];
  const { ask, calls } = restApp({
    tasks: async () => tasks,
    status: async name => status(name),
    restartTask: async () => undefined,
  });
  expect((await ask('GET', '/connectors/a/tasks')).json).toEqual(tasks);
  expect((await ask('GET', '/connectors/a/tasks/1/status')).json).toEqual(status('a').tasks[1]);
  expect(await ask('POST', '/connectors/a/tasks/1/restart')).toMatchObject({ status: 204, body: '' });
  expect(calls.at(-1)).toEqual(['restartTask', 'a', 1]);
});

test('an unknown task, with and without its connector', async () => {
  const withConnector = restApp({ status: async name => status(name), info: async name => info(name) });
  const withoutConnector = restApp();
  for (const [app, method, url, message] of [
    [withConnector, 'GET', '/connectors/a/tasks/9/status', 'No status found for task a-9'],
    [withConnector, 'GET', '/connectors/a/tasks/-1/status', 'No status found for task a--1'],
    [withConnector, 'POST', '/connectors/a/tasks/7/restart', 'Unknown task: a-7'],
    [withoutConnector, 'GET', '/connectors/a/tasks/0/status', 'No status found for task a-0'],
    [withoutConnector, 'POST', '/connectors/a/tasks/0/restart', 'Unknown connector: a'],
    [withConnector, 'GET', '/connectors/a/tasks/abc/status', 'HTTP 404 Not Found'],
    [withConnector, 'POST', '/connectors/a/tasks/99999999999/restart', 'HTTP 404 Not Found'],
  ] as const)
    expect(await app.ask(method, url)).toMatchObject({ status: 404, json: { error_code: 404, message } });
});

test.each([
  ['GET', '/connectors/x', 'Connector x not found'],
  ['DELETE', '/connectors/x', 'Connector x not found'],
  ['GET', '/connectors/x/config', 'Connector x not found'],
  ['PATCH', '/connectors/x/config', 'Connector x not found'],
  ['GET', '/connectors/x/tasks', 'Connector x not found'],
  ['GET', '/connectors/x/status', 'No status found for connector x'],
  ['PUT', '/connectors/x/pause', 'Unknown connector x'],
  ['PUT', '/connectors/x/resume', 'Unknown connector x'],
  ['PUT', '/connectors/x/stop', 'Unknown connector x'],
  ['POST', '/connectors/x/restart', 'Unknown connector: x'],
  ['POST', '/connectors/x/restart?includeTasks=true', 'Unknown connector: x'],
  ['POST', '/connectors/x/tasks/0/restart', 'Unknown connector: x'],
] as const)('%s %s without such a connector', async (method, url, message) => {
  expect(await restApp().ask(method, url)).toMatchObject({ status: 404, json: { error_code: 404, message } });
});

test('used topics are shown and reset if the worker enables it', async () => {
  const answers = { topics: async () => ['t'], resetTopics: async () => undefined };
  const both = async (topicTracking: { enabled: boolean; reset: boolean }) => {
    const { ask } = restApp(answers, { topicTracking });
    return [await ask('GET', '/connectors/a/topics'), await ask('PUT', '/connectors/a/topics/reset')];
  };
  const [shown, reset] = await both({ enabled: true, reset: false });
  expect(shown).toMatchObject({ status: 200, json: { a: { topics: ['t'] } } });
  expect(reset).toMatchObject({ status: 403, json: { error_code: 403, message: 'Topic tracking reset is disabled.' } });
  for (const answer of await both({ enabled: false, reset: true }))
    expect(answer).toMatchObject({ status: 403, json: { error_code: 403, message: 'Topic tracking is disabled.' } });
});
