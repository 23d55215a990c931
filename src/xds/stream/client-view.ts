/** Streams as the admin room shows them. */
import type { SnapshotSource } from "../../snapshot/snapshot.ts";
import type { ProtocolName } from "../protocol.ts";
import type { Subscription } from "../subscription.ts";
import type { ClientIdentity } from "./client.ts";

/** One type of a stream as the admin room shows it. */
export interface SubscriptionView {
  readonly typeUrl: string;
  /** Number of names asked for; undefined: all. */
  readonly names: number | undefined;
  readonly sentVersion: string | undefined;
  readonly ackedVersion: string | undefined;
  /** Resources in the acknowledged push: all of them in full state, those that changed in delta. */
  readonly ackedResources: number | undefined;
  /** Of the last push, acknowledged or not. */
  readonly sentResources: number | undefined;
  readonly sentBytes: number | undefined;
  /** Objects that the client was brought to hold; undefined where they are too many to count. */
  readonly objects: number | undefined;
  /** The client acknowledged what it would be sent now. */
  readonly current: boolean;
  /** Whether a "namespace/name" is among what the client asks for. */
  asksFor(name: string): boolean;
  /** Age of the oldest unacknowledged push, in ms. */
  readonly unackedMs: number | undefined;
  /** The first answer waits for a complete view. */
  readonly held: boolean;
  readonly rejection: string | undefined;
}

export interface ClientView extends ClientIdentity {
  readonly protocol: ProtocolName;
  readonly ageMs: number;
  readonly subscriptions: readonly SubscriptionView[];
}

export function subscriptionView(subscription: Subscription, source: SnapshotSource, held: boolean, now: number): SubscriptionView {
  const [unacked] = subscription.inFlight.values();
  const { lastSent, lastAcked } = subscription;
  const isAcked = lastAcked !== undefined && lastAcked === lastSent;
  return {
    typeUrl: subscription.typeUrl,
    names: subscription.nameCount,
    sentVersion: lastSent?.version,
    ackedVersion: lastAcked?.version,
    ackedResources: lastAcked?.resources,
    sentResources: lastSent?.resources,
    sentBytes: lastSent?.bytes,
    objects: subscription.objects(source),
    current: isAcked && subscription.isCurrent(source),
    asksFor: (name) => subscription.asksFor(name),
    unackedMs: unacked && now - unacked.sentAt,
    held,
    rejection: subscription.rejection,
  };
}
