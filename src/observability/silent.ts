import type { Log } from '../api/component.ts';

const nothing = (): void => {};

/** Log that discards everything, for programs with their own output. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
