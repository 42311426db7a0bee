/**
 * Control of connectors from other services: typed handles on the workflows of a Millrace cluster. Requires Temporal only,
 * neither Kafka nor a REST server. docs/guides/from-other-services.md describes it, also for other Temporal SDKs.
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
export type { ConnectorInfo, StatusInfo, TaskId, TaskState } from '../temporal/control/control.ts';
export { connectMillrace, type MillraceOptions } from './connect.ts';
export type { ConnectorHandle, ConnectorProps as GivenConfig, Connectors, Millrace, StartOptions } from './handles.ts';
