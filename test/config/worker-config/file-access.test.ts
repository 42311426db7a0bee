import { constants } from 'node:fs';
import { mkdir, mkdtemp, readlink, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFileAccess, type FilePolicy } from '../../../src/config/worker-config/file-access.ts';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-file-access-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const policy: FilePolicy = { allowedFolders: [], exposedListeners: [], codeFolders: [], configFiles: [] };
const exposed = ['http://0.0.0.0:8083'];
const sentence = (message: RegExp) =>
  expect.objectContaining({ code: 'TASK_CONFIG', message: expect.stringMatching(message) });

const step = fc.constantFrom('a', 'b', 'in', 'out', '..', '.', 'to-out', 'to-in', 'to-a');
const path = fc.array(step, { minLength: 1, maxLength: 6 }).map(steps => steps.join('/'));

test.runIf(process.platform === 'linux')(
  'whatever path and links: what is opened lies below an allowed folder',
  async () => {
    const root = await mkdtemp(join(folder, 'tree-'));
    const [inside, outside] = [join(root, 'in'), join(root, 'out')];
    for (const one of [inside, outside])
      for (const name of ['a', 'b']) {
        await mkdir(join(one, name), { recursive: true });
        await symlink(outside, join(one, 'to-out'), 'dir').catch(() => undefined);
        await symlink(inside, join(one, 'to-in'), 'dir').catch(() => undefined);
        await symlink('a', join(one, 'to-a'), 'dir').catch(() => undefined);
        await writeFile(join(one, name, 'in'), 'x');
        await symlink(join(outside, 'b', 'in'), join(one, name, 'out'));
      }
    const files = createFileAccess({ ...policy, allowedFolders: [inside], exposedListeners: exposed });
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(path, fc.boolean(), async (given, write) => {
        const flags = write ? constants.O_WRONLY | constants.O_CREAT : constants.O_RDONLY;
        const handle = await files.open(`${inside}/${given}`, flags).catch(() => undefined);
        if (handle === undefined) return;
        const real = await readlink(`/proc/self/fd/${handle.fd}`);
        await handle.close();
        expect(real === inside || real.startsWith(`${inside}/`)).toBe(true);
        opened++;
      }),
      { numRuns: 300 },
    );
    expect(opened).toBeGreaterThan(10);
  },
);

test('a folder that is replaced by a link while a file is opened gives no access to other files', async () => {
  const root = await mkdtemp(join(folder, 'swap-'));
  const allowed = join(root, 'allowed');
  const outside = join(root, 'outside');
  await mkdir(join(allowed, 'sub'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(allowed, 'sub', 'f'), 'inside');
  await writeFile(join(outside, 'f'), 'outside');
  const files = createFileAccess({ ...policy, allowedFolders: [allowed], exposedListeners: exposed });
  const other = join(allowed, 'other');
  let swapping = true;
  const swapper = (async () => {
    await symlink(outside, join(allowed, 'link'), 'dir');
    while (swapping) {
      await rename(join(allowed, 'sub'), other);
      await rename(join(allowed, 'link'), join(allowed, 'sub'));
      await rename(join(allowed, 'sub'), join(allowed, 'link'));
      await rename(other, join(allowed, 'sub'));
    }
  })();
  const outcomes = new Set<string>();
  // Most attempts find no folder or the link in its place, and are rejected.
  for (let attempts = 0, opened = 0; attempts < 500 || opened < 10; attempts++) {
    const handle = await files.open(join(allowed, 'sub', 'f'), constants.O_RDONLY).catch(() => undefined);
    if (handle === undefined) continue;
    opened++;
    outcomes.add(await handle.readFile('utf8'));
    await handle.close();
  }
  swapping = false;
  await swapper;
  expect([...outcomes]).toEqual(process.platform === 'linux' ? ['inside'] : expect.arrayContaining(['inside']));
});

test('no file is opened with an exposed listener and no allowed folder', async () => {
  const files = createFileAccess({ ...policy, allowedFolders: ['', ' '], exposedListeners: exposed });
  await expect(files.resolve(join(folder, 'x'))).rejects.toEqual(
    sentence(/0\.0\.0\.0:8083.*file\.connectors\.allowed\.paths/),
  );
  expect(() => files.checkStandardStreams()).toThrow(sentence(/file\.connectors\.allowed\.paths/));
  const allowed = createFileAccess({ ...policy, allowedFolders: [folder], exposedListeners: exposed });
  await expect(allowed.resolve(join(folder, 'x'))).resolves.toBe(join(folder, 'x'));
  expect(() => allowed.checkStandardStreams()).toThrow(sentence(/set file to a path below/));
  expect(() => createFileAccess(policy).checkStandardStreams()).not.toThrow();
});

test.each([[], [tmpdir()]])(
  'code and the files of the start are never opened, with allowed folders %j',
  async (...allowed) => {
    const config = join(folder, 'conf', 'worker.properties');
    await mkdir(dirname(config), { recursive: true });
    await writeFile(config, '');
    const files = createFileAccess({
      allowedFolders: allowed,
      exposedListeners: [],
      codeFolders: [join(folder, 'plugins')],
      configFiles: [config],
    });
    for (const path of ['plugins', 'plugins/new/index.js', 'x/node_modules/y/index.js', 'plugins/../plugins/x'])
      await expect(files.resolve(join(folder, path))).rejects.toEqual(sentence(/code of the worker/));
    await expect(files.resolve(config)).rejects.toEqual(sentence(/is a configuration file of the worker/));
    await expect(files.resolve(join(folder, 'plugins-data', 'x'))).resolves.toBeTruthy();
  },
);

test('the folder of the configuration is only allowed if it is listed itself, not through a parent folder', async () => {
  const config = join(folder, 'etc', 'worker.properties');
  await mkdir(dirname(config), { recursive: true });
  await writeFile(config, '');
  const within = (allowed: string) => createFileAccess({ ...policy, allowedFolders: [allowed], configFiles: [config] });
  const file = join(folder, 'etc', 'data', 'x');
  await expect(within(folder).resolve(file)).rejects.toEqual(sentence(/folder of the worker's configuration/));
  await expect(within(join(folder, 'etc')).resolve(file)).resolves.toBe(file);
  await expect(within(join(folder, 'etc', 'data')).resolve(file)).resolves.toBe(file);
  await expect(within(join(folder, 'etc')).resolve(config)).rejects.toEqual(
    sentence(/is a configuration file of the worker/),
  );
});
