import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/**
 * A server must not outlive whoever started it, however that one ends: kill -9 leaves no time for an exit handler. So
 * each server has a keeper, a small shell that reads from a pipe which only its maker holds. At the end of that input
 * it ends the server, first in an orderly way, and removes its files. An orderly stop closes the pipe just so: there is
 * one way to clean up, and every test run walks it.
 *
 * Its input, a line each: `pid N` the server's process, `gone` when that has ended.
 */
const script = `
signal=$1 finish=$2
shift 2
pid=
while IFS= read -r line; do
  case $line in
    'pid '*) pid=\${line#pid } ;;
    gone) pid= ;;
  esac
done
runs() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
patience=150
if runs; then
  kill -s "$signal" "$pid"
  pkill -CONT -P "$pid"
  kill -s CONT "$pid"
  while runs && [ "$patience" -gt 0 ]; do sleep 0.1; patience=$((patience - 1)); done
  if runs; then kill -s KILL "$pid"; fi
  while runs && [ "$patience" -gt -50 ]; do sleep 0.1; patience=$((patience - 1)); done
fi
eval "$finish"
[ $# -eq 0 ] || rm -rf -- "$@"
`;

export interface KeeperOptions {
  /** What ends the server in an orderly way. */
  readonly signal: NodeJS.Signals;
  /** Folders to remove in the end. */
  readonly remove: readonly string[];
  /** Shell lines to run when the server has ended, before the folders (its `$@`) are removed. */
  readonly finish?: string;
}

export class Keeper {
  readonly #process: ChildProcess;
  readonly #input: Socket;
  readonly #ended: Promise<unknown>;

  constructor({ signal, remove, finish = '' }: KeeperOptions) {
    // Detached: a Ctrl-C in the terminal is for its maker alone.
    this.#process = spawn('/bin/sh', ['-c', script, 'millrace-keeper', signal.slice(3), finish, ...remove], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    this.#ended = once(this.#process, 'close');
    this.#input = this.#process.stdin as Socket;
    // A keeper that somebody killed makes no difference to a server that runs.
    this.#input.on('error', () => undefined);
    this.#process.unref();
    this.#input.unref();
  }

  /** The pipe, for a server's process to report itself with `pid N` before it becomes the server. */
  get pipe(): Socket {
    return this.#input;
  }

  gone(): void {
    this.#input.write('gone\n');
  }

  /** Ends the server, removes its files, and resolves when all that is done. */
  async finish(): Promise<void> {
    this.#process.ref();
    this.#input.end();
    await this.#ended;
  }
}
