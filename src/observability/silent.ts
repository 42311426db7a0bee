import type { Log } from '../api/component.ts';

const nothing = (): void => {};

/** A log for programs that have a screen of their own. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
