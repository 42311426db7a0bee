import { Connection, type ConnectionOptions } from '@temporalio/client';

/** gRPC's default of two minutes would prolong an outage for this worker by that time. */
const MAX_RECONNECT_MS = 1000;

/** A connection that is opened on first use, and again within about a second after an outage. */
export const lazyConnection = (options: ConnectionOptions): Connection =>
  Connection.lazy({ ...options, channelArgs: { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS } });
