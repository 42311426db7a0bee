export { patternWarning } from './pattern-warning.ts';
export { type DateReader, dateReader } from './reader.ts';
export { type DateWriter, dateWriter } from './writer.ts';
