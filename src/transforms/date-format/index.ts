export { type DateReader, dateReader } from './reader.ts';
export { patternWarning } from './suspicion.ts';
export { type DateWriter, dateWriter } from './writer.ts';
