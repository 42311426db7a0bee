export { connector } from './connector/workflow.ts';
