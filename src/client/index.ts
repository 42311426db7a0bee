/**
 * Connectors from other services: typed handles on the workflows of a Millrace cluster. Needs Temporal alone, neither
 * Kafka nor a REST server. docs/guides/from-other-services.md tells how, and how to do the same from any Temporal SDK.
 */
export type {
  ConnectorConfig,
  ConnectorType,
  JsonValue,
  OffsetEntry,
  RestartRequest,
  State,
  TargetState,
} from '../../workflows/shared/messages.ts';
export { type ErrorCode, type ErrorKind, MillraceError } from '../errors.ts';
export type { ConnectorInfo, StatusInfo, TaskId, TaskState } from '../temporal/control.ts';
export { connectMillrace, type MillraceOptions } from './connect.ts';
export type { ConnectorHandle, Connectors, GivenConfig, Millrace, StartOptions } from './handles.ts';
