/** What in a kubeconfig is not to be followed without leave, wherever in it that stands. */
import type { KubeconfigAllowance } from "./allowance.ts";
import type { KubeconfigDocument, NamedSection } from "./document.ts";

interface Danger {
  /** A key that is set: not absent, null, false or empty. */
  readonly key: string;
  /** What allows it; undefined: nothing does. */
  readonly needs: KubeconfigAllowance | undefined;
  readonly why: string;
}

const userDangers: readonly Danger[] = [
  { key: "exec", needs: "exec", why: "it would run a command here" },
  {
    key: "auth-provider",
    needs: undefined,
    why: "auth providers may run commands, and Kubernetes itself dropped them; use a token or a client certificate",
  },
  { key: "tokenFile", needs: "file-paths", why: "it names a file of this machine" },
  { key: "client-certificate", needs: "file-paths", why: "it names a file of this machine; embed `client-certificate-data`" },
  { key: "client-key", needs: "file-paths", why: "it names a file of this machine; embed `client-key-data`" },
  { key: "as", needs: "impersonation", why: "it acts as somebody else" },
  { key: "as-uid", needs: "impersonation", why: "it acts as somebody else" },
  { key: "as-groups", needs: "impersonation", why: "it acts as somebody else" },
  { key: "as-user-extra", needs: undefined, why: "it acts as somebody else, in a way that is not supported" },
  { key: "username", needs: undefined, why: "API servers do not take passwords any more; use a token or a client certificate" },
  { key: "password", needs: undefined, why: "API servers do not take passwords any more; use a token or a client certificate" },
];

const clusterDangers: readonly Danger[] = [
  { key: "certificate-authority", needs: "file-paths", why: "it names a file of this machine; embed `certificate-authority-data`" },
  { key: "insecure-skip-tls-verify", needs: "skip-tls-verify", why: "the credential could be told to anybody" },
  { key: "proxy-url", needs: "proxy", why: "the credential would go through a proxy" },
];

/** Every entry counts, used or not: what is in it is in the hands of whoever may choose another context. */
export function dangersIn({ users, clusters }: KubeconfigDocument, allow: readonly KubeconfigAllowance[]): readonly string[] {
  return [
    ...users.flatMap((user) => dangersOf("user", user, userDangers, allow)),
    ...clusters.flatMap((cluster) => dangersOf("cluster", cluster, clusterDangers, allow)),
  ];
}

function dangersOf(
  what: string,
  { name, value }: NamedSection,
  dangers: readonly Danger[],
  allow: readonly KubeconfigAllowance[],
): string[] {
  return dangers
    .filter(({ key, needs }) => isSet(value[key]) && (needs === undefined || !allow.includes(needs)))
    .map(({ key, needs, why }) => {
      const leave = needs === undefined ? "" : ` (\`${needs}\` would allow it)`;
      return `${what} ${JSON.stringify(name.slice(0, 100))} has \`${key}\`: ${why}${leave}`;
    });
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "";
}
