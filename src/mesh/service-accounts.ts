/**
 * Service accounts of endpoints. istiod makes an identity of each in the ServiceEntry's own namespace, and the proxies accept no
 * other server than those named: so either all accounts of a service are of that namespace, or none is told. The endpoints are
 * spoken to with mTLS all the same, by the label that says so.
 */
import type { MergedEndpoint } from "../catalog/merged-service.ts";
import { isDnsSubdomain } from "./object-names.ts";
import { type ProblemList, quoted } from "./problem-list.ts";

export class ServiceAccounts {
  readonly #namespace: string;
  readonly #problems: ProblemList;
  readonly #told: boolean;

  /** @param namespace of the ServiceEntry */
  constructor(endpoints: readonly MergedEndpoint[], namespace: string, problems: ProblemList) {
    this.#namespace = namespace;
    this.#problems = problems;
    this.#told = endpoints.every(({ serviceAccount = "" }) => !serviceAccount.includes("/") || serviceAccount.startsWith(`${namespace}/`));
  }

  of({ serviceAccount = "" }: MergedEndpoint): string {
    if (serviceAccount === "" || !this.#told) return "";
    const name = serviceAccount.startsWith(`${this.#namespace}/`) ? serviceAccount.slice(this.#namespace.length + 1) : serviceAccount;
    if (isDnsSubdomain(name)) return name;
    this.#problems.note("bad-service-account", `service account ${quoted(name)} is no legal name and is left out`);
    return "";
  }
}
