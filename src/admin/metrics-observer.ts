/** Counts what happens on xDS streams. */
import type { XdsObserver } from "../xds/stream/observer.ts";
import type { Metrics } from "./metrics.ts";

export function metricsObserver(metrics: Metrics): XdsObserver {
  const requests = metrics.counter("tributary_xds_requests_total");
  const pushes = metrics.counter("tributary_xds_pushes_total");
  const bytes = metrics.counter("tributary_xds_push_bytes_total");
  const nacks = metrics.counter("tributary_xds_nacks_total");
  const unacknowledged = metrics.counter("tributary_xds_unacknowledged_total");
  const closed = metrics.counter("tributary_xds_streams_closed_total");
  const pushSeconds = metrics.histogram("tributary_change_push_seconds");
  const ackSeconds = metrics.histogram("tributary_change_ack_seconds");
  const since = (seenAt: number) => Math.max(0, Date.now() - seenAt) / 1000;
  return {
    onStreamOpen() {},
    onStreamClose: (_client, reason) => closed.inc({ reason }),
    onRequest: (_client, type) => requests.inc({ type }),
    onPush({ type, bytes: sent, seenAt }) {
      pushes.inc({ type });
      bytes.inc({ type }, sent);
      if (seenAt !== undefined) pushSeconds.observe({ type }, since(seenAt));
    },
    onAck({ type, seenAt }) {
      if (seenAt !== undefined) ackSeconds.observe({ type }, since(seenAt));
    },
    onNack: (_client, type) => nacks.inc({ type }),
    onUnacked: ({ type }) => unacknowledged.inc({ type }),
  };
}
