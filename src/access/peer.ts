/** Who a client is, by its certificate, and whether it may connect. Pure. */

/** What is known of a client after the TLS handshake. */
export interface Peer {
  /** Distinguished name, `O=…, CN=…`; undefined without a certificate. */
  readonly subject: string | undefined;
  /** As Node writes them: `DNS:a, URI:spiffe://b`. */
  readonly subjectAltName: string | undefined;
  /** Why the certificate is not trusted, such as CERT_HAS_EXPIRED; undefined: it is. */
  readonly verifyError: string | undefined;
}

/** A metric's label: keep it to few values. */
export type RefusalReason = "handshake" | "no-certificate" | "untrusted" | "not-allowed" | "silent" | "crowded";

export interface Refusal {
  readonly reason: RefusalReason;
  /** For the log, and for the client: says nothing that it does not know of itself. */
  readonly message: string;
}

/**
 * Undefined when the client may connect: its certificate is trusted, and one of its DNS names or URIs is in
 * the list, in full. DNS names are compared without regard to case; an entry with `://` is a URI and
 * matches nothing else.
 *
 * @param setting where the list stands, such as `xds.tls.allow`
 */
export function judge(peer: Peer, allow: readonly string[], setting: string): Refusal | undefined {
  if (peer.subject === undefined) return { reason: "no-certificate", message: "a client certificate is required" };
  if (peer.verifyError !== undefined) {
    return { reason: "untrusted", message: `the client certificate (${peer.subject}) is not trusted: ${peer.verifyError}` };
  }
  const { dns, uris } = namesOf(peer.subjectAltName ?? "");
  const admitted = allow.some((entry) => (entry.includes("://") ? uris.includes(entry) : dns.includes(entry.toLowerCase())));
  if (admitted) return undefined;
  const names = [...uris, ...dns];
  const who = names.length > 0 ? names.slice(0, 8).join(", ").slice(0, 512) : `${peer.subject}, without a DNS name or URI`;
  return { reason: "not-allowed", message: `the client certificate (${who}) is not in ${setting}` };
}

/**
 * Takes Node's text form apart. A value with a character that could be mistaken for syntax stands in
 * it as a JSON string, so a name such as `x, DNS:y` stays one name.
 */
export function namesOf(subjectAltName: string): { readonly dns: readonly string[]; readonly uris: readonly string[] } {
  const dns: string[] = [];
  const uris: string[] = [];
  const item = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  for (let found = item.exec(subjectAltName); found; found = item.lastIndex < subjectAltName.length ? item.exec(subjectAltName) : null) {
    const [, kind, text = ""] = found;
    const value = text.startsWith('"') ? unquote(text) : text;
    if (value === undefined || value === "") continue;
    if (kind === "DNS") dns.push(value.toLowerCase());
    else if (kind === "URI") uris.push(value);
  }
  return { dns, uris };
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
