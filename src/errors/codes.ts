/**
 * Every error code a user can meet, with what it means and what to do. The codes are a promise:
 * they are listed in `docs/errors.md` (generated from here) and never change their meaning.
 */
export const errorCodes = {
  CONFIG_UNREADABLE: "The configuration file cannot be read. Check the path and its permissions.",
  CONFIG_SYNTAX: "The configuration is not valid YAML. The position points at the first offending character.",
  CONFIG_INVALID: "A key is unknown or a value does not fit. The message names the nearest known key or the expected form.",
  CONFIG_DUPLICATE_ID: "Two registries, or two clusters, have the same id. Ids are part of labels, metrics and files: choose unique ones.",
  CONFIG_SECRET: "A ${env:NAME} or ${file:PATH} reference cannot be resolved. Set the variable or mount the file.",
  CONFIG_NEEDS_RESTART:
    "The change touches a setting that is read only at start. Everything else of the reload was not applied either; restart to take it over.",
  BIND_UNSAFE:
    "An address that is reachable from outside was asked for a port without client certificates. Set the section's `tls`, or listen on loopback.",
  BIND_IN_USE: "The port is taken by another process. Stop it or choose another port with the named setting.",
  BIND_FAILED: "An address cannot be listened on. Check that it belongs to this machine and that the port is allowed.",
  TLS_UNUSABLE:
    "A file of a `tls` section is missing, unreadable or not what it should be: the message says which and why. At a start nothing listens; while running, the certificates before stay in use.",
  REGISTRY_UNREACHABLE: "A registry does not answer. Its last state is kept; the message says which address and why.",
  REGISTRY_CRASHED: "A registry's worker ended by itself and is started again with back-off; its last state is kept.",
  STATE_IN_USE: "Another process uses the folder of last-known-good. Every server needs one of its own.",
  STATE_UNWRITABLE:
    "Last-known-good cannot be written (disk full, read-only, broken). Serving goes on and writing is tried again; a restart meanwhile brings back the older state.",
  STATE_UNUSABLE:
    "A journal of last-known-good is damaged, or no journal of this registry. It is set aside under the named path, and the registry starts from nothing. Of another file in the folder: what it held is lost, such as what was frozen by a command.",
  STATE_NEWER:
    "A journal of last-known-good was written by a newer release. It is left as it is, and its registry runs without; use that release, or move the file away.",
  DELTA_UNSUPPORTED: "The server answers full-state xDS only. Follow it with `tributary watch --sotw`.",
  ACCESS_DENIED:
    "A server with `tls` does not let this client in. Its log says who came and why; show a certificate that is trusted by `tls.clientCa` and named in `tls.allow`.",
  NOT_RUNNING: "No server answers at the given address. Start one with `tributary serve`, or name its address.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errorCodes;
