/** `source.version` of every record; the package's own version, which a test holds. */
export const VERSION = '0.1.0';
