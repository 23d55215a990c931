/**
 * Every word a `Problem` can carry: one datum was skipped or altered, the rest goes on. The words are
 * labels of metrics and a promise to users; they are listed in `docs/errors.md` (generated from here).
 * Kebab-case, sorted.
 */
export const problemCodes = {
  "bad-address": "An instance's address is neither an IPv4 or IPv6 address nor a host name; the instance is skipped.",
  "bad-annotation": "An annotation has no legal key, is Istio's to set, is too long or one too many; it is left out.",
  "bad-escape": "A percent-escape cannot be decoded; the datum is skipped.",
  "bad-file": "A file of a file registry cannot be read or understood; its last good content is kept.",
  "bad-instance": "An instance's registration cannot be understood; the instance is skipped.",
  "bad-kubeconfig":
    "A kubeconfig cannot be used: it is malformed, lacks something, or asks for what is not allowed. The cluster keeps the credential it had, or is left out.",
  "bad-label": "A label has no legal form or is one too many; it is left out.",
  "bad-locality": "A part of a locality holds `/`, control characters or more than 100 characters; the locality is left out.",
  "bad-metadata":
    "What an application says of its services cannot be understood; its instances keep what they offered before, or are of unknown services.",
  "bad-name": "A node's name is not UTF-8, so nobody can ask for it; it is skipped.",
  "bad-network": "An instance's network is not a legal name; traffic would go astray, so the instance is skipped.",
  "bad-payload": "A pod's annotation cannot be read as what its registry expects; the pod offers nothing.",
  "bad-port": "A port is missing or not within 1 … 65535; the instance or port is skipped.",
  "bad-push": "What a server pushed cannot be read; what was known before goes on.",
  "bad-resource": "A ready Istio object has an unknown API version or kind, or values of the wrong type; it is withheld.",
  "bad-rule": "An override rule of Dubbo cannot be read; what could be read of it before stays in force, else it has no effect.",
  "bad-service": "What a registry says of a service cannot be understood; its last known state is kept.",
  "bad-service-account": "A service account is not a legal Kubernetes name; it is left out.",
  "bad-template": "A registry's host template or suffix does not fit; none of its services is served. `tributary check` names the column.",
  "bad-url": "A registration is not a URL of the expected form; it is skipped.",
  "bad-value": "A value in a file has not the expected form; what it belongs to is skipped, or keeps its last state.",
  "bad-weight": "A weight is negative or no number; it counts as unset.",
  "duplicate-endpoint": "Several instances of a service are one endpoint (network, address, ports); one is served.",
  "duplicate-instance": "A service names an instance twice; the first is used.",
  "duplicate-interface":
    "Two folders of a ZooKeeper root spell the same interface differently; the first by name is followed, the other skipped.",
  "duplicate-item": "Two places of one registry give the same service, object or fact; the first, in the order of paths, is used.",
  "duplicate-port": "Two ports of a service want the same number; the second in order of their names is not offered.",
  "duplicate-resource":
    "Two registries give a ready Istio object of one name; the one of the registry that comes first in the configuration is served.",
  "encode-failed": "An object could not be translated or encoded; what was served of it before stays. The message says why.",
  "external-name": "A Kubernetes Service of type ExternalName is an alias of a DNS name and has no endpoints; it is not served.",
  "extra-hosts": "A service has further hosts that cannot be served: with TCP ports there can be one, and all must be DNS names.",
  "foreign-address": "A pod registers an address that is not its own; it is skipped unless `foreignAddresses` is set.",
  "hash-mismatch":
    "A Eureka server's count of its instances does not fit to what it tells of them. Everything is read again, less and less often while it stays so.",
  "host-collision": "Several services want one host; the smallest exact name keeps it, the others carry a hash.",
  "host-in-own-cluster":
    "istiod's own cluster has a Service of this host, which proxies get instead; only in the Service's own namespace are the endpoints of both joined.",
  "host-invalid": "An explicit host is not a DNS name; it is refused.",
  "host-name-address":
    "An instance is registered by host name, and its registry's `hostNames` is `skip`: ServiceEntries with fixed endpoints need IP addresses, so it is skipped.",
  "host-name-stale": "An instance's host name cannot be resolved at present; the addresses it had last are served.",
  "host-name-unresolved": "An instance's host name could not be resolved so far; the instance is left out until it can be.",
  "host-outside-suffix": "A host is not under the registry's suffix; it is refused unless `naming.allowOutsideSuffix` is set.",
  "host-under-cluster-domain": "A host is a name of the cluster itself; it is refused unless `naming.allowClusterDomain` is set.",
  "invalid-object": "istiod would refuse the object; it is withheld. The message names the broken rules.",
  "item-too-large": "One service or object is larger than can be carried; its last known state is kept.",
  "label-changed": "A label was not legal for Kubernetes and is served in a legal form.",
  "listing-failed":
    "The list of a registry's services could not be read whole; no service is given up for it, and new ones wait for the next.",
  "merge-conflict":
    "Registries say different things of one endpoint or port of a service; the registry that comes first in precedence is believed.",
  "names-not-watched":
    "A Nacos server does not tell all names of new services, because a limit of its own is reached; they are found by listing, a little later.",
  "namespaces-not-listed":
    "A Nacos server does not list its namespaces for these credentials; what the settings name is taken for ids of namespaces.",
  "nested-too-deep": "A folder lies too deep below the root of a services tree; it is not followed.",
  "no-permission": "The credentials do not allow reading a part of the registry that was never read before; the part is skipped.",
  "no-ports": "No port of a service is known; it is withheld until one is declared or an instance tells one.",
  "no-vip": "The range of virtual addresses is full; the TCP service is withheld. Choose a larger `mesh.vipCidr`.",
  "not-pushed": "A server does not take a subscription or pushes nothing for it; the last known state of the service is kept.",
  "port-missing": "An instance lacks the one port that most instances have; it is skipped.",
  "port-not-offered": "A port is not on all instances of a service; istiod would send its traffic to all of them, so it is not offered.",
  "protection-threshold":
    "So few instances of a service of Nacos are healthy that the server calls all of them healthy. They are served as it says, or by their true health with `protection: ignore`.",
  "ready-wins": "A ready ServiceEntry has the host or the name of a generated one; the generated one is withheld.",
  "reserved-label": "A label with a meaning to Istio or Tributary came from a registry; it is left out.",
  "revision-label": "A ready Istio object has the label `istio.io/rev`: istiods of other revisions ignore it.",
  "self-preservation":
    "A Eureka server keeps instances whose leases are over: too few renew theirs, or it evicts nobody. They are served; some may be dead.",
  "too-many-calls": "An application calls more services than are kept of one: nothing is told of its calls.",
  "unknown-field": "A ready Istio object has a field that is misspelt or not carried by Tributary; it is withheld.",
  "unknown-key": "A key in a file is not known and is ignored: most often a slip of the pen.",
  "unknown-kind": "A file holds an object of a kind that is not carried; it is skipped.",
  "unknown-namespace": "The settings name a namespace that the Nacos server does not have.",
  "unknown-services": "Nothing in the registry tells which services an application's instances offer; the instances are skipped.",
  "wrong-interface": "A provider under one interface says that it provides another; consumers ignore such a provider, and it is skipped.",
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problemCodes;
