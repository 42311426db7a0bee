import { type Client, isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';

const DEADLINE_MS = 3000;
/** gRPC status. */
const NOT_FOUND = 5;

/**
 * Records a heartbeat of an activity and awaits Temporal's answer, unlike the SDK's heartbeats, which are sent later.
 * Returns true if this attempt of the activity was cancelled or replaced. Rejects if Temporal does not answer.
 */
export async function heartbeat(
  client: Client,
  identity: string,
  taskToken: Uint8Array,
  figures: Readonly<Record<string, number | string>>,
): Promise<boolean> {
  const { namespace } = client.options;
  const payloads = toPayloads(defaultPayloadConverter, figures) ?? null;
  const request = { namespace, identity, taskToken, details: { payloads } };
  try {
    const answer = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflowService.recordActivityTaskHeartbeat(request),
    );
    return answer.cancelRequested;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return true;
    throw error;
  }
}
