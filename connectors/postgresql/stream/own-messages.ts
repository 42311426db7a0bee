/** Prefix of the logical decoding messages that move the slot of a quiet database on. */
export const HEARTBEAT_MESSAGE = 'millrace.heartbeat';
/** Prefix of those that make the server flush its log. */
export const FLUSH_MESSAGE = 'millrace.flush';

/** Messages of Millrace, of which no records are made. */
export const isOwnMessage = (prefix: string): boolean => prefix === HEARTBEAT_MESSAGE || prefix === FLUSH_MESSAGE;
