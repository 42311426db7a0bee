import { Connection, type ConnectionOptions } from '@temporalio/client';

/** gRPC's own limit is two minutes: for as long an outage would go on for this worker when Temporal is back. */
const MAX_RECONNECT_MS = 1000;

/** A connection that is made when it is first used, and again within about a second of an outage's end. */
export const lazyConnection = (options: ConnectionOptions): Connection =>
  Connection.lazy({ ...options, channelArgs: { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS } });
