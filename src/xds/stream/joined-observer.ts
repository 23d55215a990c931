import type { XdsObserver } from "./observer.ts";

/** One observer that tells several, in their order. */
export function joinedObserver(...observers: readonly XdsObserver[]): XdsObserver {
  const all = (tell: (observer: XdsObserver) => void): void => observers.forEach(tell);
  return {
    onStreamOpen: (client) => all((observer) => observer.onStreamOpen(client)),
    onStreamClose: (client, reason) => all((observer) => observer.onStreamClose(client, reason)),
    onRequest: (client, type, bytes) => all((observer) => observer.onRequest(client, type, bytes)),
    onPush: (event) => all((observer) => observer.onPush(event)),
    onAck: (event) => all((observer) => observer.onAck(event)),
    onNack: (client, type, message, event) => all((observer) => observer.onNack(client, type, message, event)),
    onUnacked: (event) => all((observer) => observer.onUnacked(event)),
  };
}
