/**
 * The contract of src/api as checks that any test runner can run:
 *
 *     for (const { name, run } of transformContract({ factory })) test(name, run);
 */
export type { Check } from './check.ts';
export { type ConfigProviderSubject, configProviderContract } from './config-provider.ts';
export {
  type ConverterSample,
  type ConverterSubject,
  converterContract,
  type PredicateSubject,
  predicateContract,
  type TransformSubject,
  transformContract,
} from './convert.ts';
export { sampleRecords, sinkRecord } from './data.ts';
export { pluginContract } from './plugin.ts';
export { type SinkFixture, type SinkSubject, sinkContract } from './sink.ts';
export { type SourceFixture, type SourceSubject, sourceContract } from './source.ts';
