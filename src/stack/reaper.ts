import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/**
 * A server must end with the process that started it, also after kill -9, which leaves no time for an exit handler. Each
 * server therefore has a reaper: a small shell that reads from a pipe which only the starting process holds. At the end
 * of that input it stops the server, first in an orderly way, and removes its files. An orderly stop closes the pipe
 * too, so there is one way to clean up, and every test run takes it.
 *
 * Its input, a line each: `pid N` the server's process, `exited` when that has ended.
 */
const script = `
signal=$1 cleanup=$2
shift 2
pid=
while IFS= read -r line; do
  case $line in
    'pid '*) pid=\${line#pid } ;;
    exited) pid= ;;
  esac
done
runs() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
remaining=150
if runs; then
  kill -s "$signal" "$pid"
  pkill -CONT -P "$pid"
  kill -s CONT "$pid"
  while runs && [ "$remaining" -gt 0 ]; do sleep 0.1; remaining=$((remaining - 1)); done
  if runs; then kill -s KILL "$pid"; fi
  while runs && [ "$remaining" -gt -50 ]; do sleep 0.1; remaining=$((remaining - 1)); done
fi
eval "$cleanup"
[ $# -eq 0 ] || rm -rf -- "$@"
`;

export interface ReaperOptions {
  /** The signal that stops the server in an orderly way. */
  readonly signal: NodeJS.Signals;
  /** Folders to remove after the server has ended. */
  readonly remove: readonly string[];
  /** Shell lines to run when the server has ended, before the folders (its `$@`) are removed. */
  readonly cleanUp?: string;
}

export class Reaper {
  readonly #process: ChildProcess;
  readonly #input: Socket;
  readonly #ended: Promise<unknown>;

  constructor({ signal, remove, cleanUp = '' }: ReaperOptions) {
    // Detached: Ctrl-C in the terminal must reach only the starting process.
    this.#process = spawn('/bin/sh', ['-c', script, 'millrace-reaper', signal.slice(3), cleanUp, ...remove], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    this.#ended = once(this.#process, 'close');
    this.#input = this.#process.stdin as Socket;
    // A running server does not depend on its reaper: when that was killed, writing to the pipe fails.
    this.#input.on('error', () => undefined);
    this.#process.unref();
    this.#input.unref();
  }

  /** The pipe, for a server's process to report itself with `pid N` before it becomes the server. */
  get pipe(): Socket {
    return this.#input;
  }

  /** Reports that the server's process has ended. */
  reportExit(): void {
    this.#input.write('exited\n');
  }

  /** Stops the server and removes its files; resolves when both are done. */
  async finish(): Promise<void> {
    this.#process.ref();
    this.#input.end();
    await this.#ended;
  }
}
