/**
 * What a kubeconfig may do only where the configuration says so, because whoever wrote it would otherwise make this
 * process run commands, read files, or act for others:
 *
 * - `exec`: run a command that prints a token
 * - `file-paths`: name files with the token, the certificates or the key
 * - `skip-tls-verify`: leave the server's certificate unchecked
 * - `impersonation`: act as another user or group
 * - `proxy`: go through a proxy
 */
export const kubeconfigAllowances = ["exec", "file-paths", "skip-tls-verify", "impersonation", "proxy"] as const;
export type KubeconfigAllowance = (typeof kubeconfigAllowances)[number];
