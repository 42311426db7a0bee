/** `source.version` of every record: the package's version, which a test compares. */
export const VERSION = '0.1.0';
