/** Streams as the admin room shows them. */
import type { ClientIdentity } from "./client.ts";
import type { Subscription } from "./subscription.ts";

/** One type of a stream as the admin room shows it. */
export interface SubscriptionView {
  readonly typeUrl: string;
  /** Number of names asked for; undefined: all. */
  readonly names: number | undefined;
  readonly sentVersion: string | undefined;
  readonly ackedVersion: string | undefined;
  readonly ackedResources: number | undefined;
  /** Age of the unacknowledged push, in ms. */
  readonly unackedMs: number | undefined;
  /** The first answer waits for a complete view. */
  readonly held: boolean;
  readonly rejection: string | undefined;
}

export interface ClientView extends ClientIdentity {
  readonly ageMs: number;
  readonly subscriptions: readonly SubscriptionView[];
}

export function subscriptionView(subscription: Subscription, held: boolean, now: number): SubscriptionView {
  const [unacked] = subscription.inFlight.values();
  return {
    typeUrl: subscription.typeUrl,
    names: subscription.names?.size,
    sentVersion: subscription.lastSent?.version,
    ackedVersion: subscription.lastAcked?.version,
    ackedResources: subscription.lastAcked?.resources,
    unackedMs: unacked && now - unacked.sentAt,
    held,
    rejection: subscription.rejection,
  };
}
