import { AsyncLocalStorage } from 'node:async_hooks';

/** Name of a host's global function that returns the id of the current request. */
export const CURRENT_REQUEST = 'millraceCurrentRequest';

/** Id of the request whose code runs. The main thread reads it from a host that has stopped responding. */
export const currentRequest = new AsyncLocalStorage<number>();
