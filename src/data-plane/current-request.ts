import { AsyncLocalStorage } from 'node:async_hooks';

/** Name of a global function of a host: the id of the request whose code runs. */
export const CURRENT_REQUEST = 'millraceCurrentRequest';

/** The request whose code runs. The main thread reads it out of a host that has stopped answering. */
export const currentRequest = new AsyncLocalStorage<number>();
