// Completes package-lock.json after an install from a registry that lacks packages for other platforms than its own.
// npm omits packages that it could not download from the lock file, even optional ones, and `npm ci` then rejects the file
// on every platform. Adds those entries by their exact version and platform, without a checksum: npm skips them on every platform
// except their own. Run it after `npm install`, when `npm ci --dry-run` says "Missing: … from lock file".
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    const words = name.split(/[/-]/);
    const os = systems.filter(system => words.includes(system));
    const cpu = processors.filter(processor => words.includes(processor));
    if (os.length === 0 || cpu.length === 0) continue;
    const libc = os.includes('linux') ? [words.some(word => word.startsWith('musl')) ? 'musl' : 'glibc'] : undefined;
    lock.packages[path] = { version, cpu, dev: parent.dev, libc, optional: true, os };
    added += 1;
  }
}

const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} added`);
