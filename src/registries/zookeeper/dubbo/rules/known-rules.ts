/**
 * The rules about providers that are in force, kept over all sessions of one worker: one that cannot be
 * read any more keeps its last state, as it does in Dubbo. Tells what the rules make of a service.
 */
import { hash } from "node:crypto";
import type { Problem } from "../../../contract.ts";
import { BadEscape, decodeUrl } from "../../../dubbo/node-name.ts";
import type { Instance, Service } from "../../../service.ts";
import { applyRules } from "./apply-rules.ts";
import { isEmptyUrl, parseOverrideUrl } from "./override-url.ts";
import { BadRule, inOrder, type Rule } from "./rule.ts";
import { type RuleDocument, readRuleDocument } from "./rule-document.ts";
import { applicationRuleNode, serviceRuleNode } from "./rule-key.ts";
import { parseRuleYaml } from "./rule-yaml.ts";

/** What was read is read again only if its digest differs: so its problems are told once. */
interface Read<Rules> {
  readonly digest: string;
  readonly rules: Rules;
}

/** Of one interface; each is tried on each of its instances. */
const maxConfigurators = 1_000;

const noRules: RuleDocument = { provider: [], consumer: [] };

export class KnownRules {
  /** Rules as nodes, by the interface's name. */
  readonly #configurators = new Map<string, Read<readonly Rule[]>>();
  /** Rules of the config centre, by node. */
  readonly #documents = new Map<string, Read<RuleDocument>>();
  readonly #report: (problem: Problem) => void;

  constructor(report: (problem: Problem) => void) {
    this.#report = report;
  }

  /** Nodes of the config centre whose rules are known. */
  get documents(): string[] {
    return [...this.#documents.keys()];
  }

  /**
   * The rules that stand as nodes below an interface.
   * @param path of their parent, for problems
   * @returns whether they differ from those before
   */
  setConfigurators(name: string, path: string, nodes: readonly string[]): boolean {
    if (nodes.length === 0) return this.#configurators.delete(name);
    const sorted = nodes.toSorted();
    const digest = hash("sha256", sorted.join("\n"), "binary");
    if (this.#configurators.get(name)?.digest === digest) return false;
    this.#configurators.set(name, { digest, rules: this.#readNodes(path, sorted) });
    return true;
  }

  /**
   * A rule of the config centre. One that cannot be read changes nothing.
   * @param text undefined if the node is gone
   * @returns whether it differs from the one before
   */
  async setDocument(node: string, path: string, text: string | undefined): Promise<boolean> {
    if (text === undefined) return this.#documents.delete(node);
    const digest = hash("sha256", text, "binary");
    const before = this.#documents.get(node);
    if (before?.digest === digest) return false;
    try {
      this.#documents.set(node, { digest, rules: readRuleDocument(await parseRuleYaml(text)) });
      return true;
    } catch (error) {
      if (!(error instanceof BadRule)) throw error;
      this.#report({ code: "bad-rule", where: path, message: error.message });
      this.#documents.set(node, { digest, rules: before?.rules ?? noRules });
      return false;
    }
  }

  /** Forgets the nodes of every interface that is not among these. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#configurators.keys()) if (!names.has(name)) this.#configurators.delete(name);
  }

  /** The service as consumers see it. The same object if no rule changes it. */
  apply(service: Service): Service {
    const { key } = service;
    const nodes = this.#configurators.get(key.name)?.rules;
    if (!nodes && this.#documents.size === 0) return service;
    const document = this.#documents.get(serviceRuleNode(key))?.rules ?? noRules;
    let differs = false;
    const instances = service.instances.map((before): Instance => {
      const application = this.#documents.get(applicationRuleNode(before.labels?.application ?? ""))?.rules ?? noRules;
      // An application's consumer-side rules are about what it calls, not about what it provides.
      const after = applyRules({ key, instance: before }, [
        ...(nodes ?? []),
        ...application.provider,
        ...document.provider,
        ...document.consumer,
      ]);
      differs ||= after !== before;
      return after;
    });
    return differs ? { ...service, instances } : service;
  }

  #readNodes(path: string, nodes: readonly string[]): Rule[] {
    const rules: Rule[] = [];
    for (const node of nodes.slice(0, maxConfigurators)) {
      try {
        const url = decodeUrl(node);
        if (isEmptyUrl(url)) return [];
        const rule = parseOverrideUrl(url);
        if (rule) rules.push(rule);
      } catch (error) {
        if (!(error instanceof BadRule) && !(error instanceof BadEscape)) throw error;
        const code = error instanceof BadRule ? "bad-rule" : "bad-escape";
        this.#report({ code, where: `${path}/${node}`, message: error.message });
      }
    }
    if (nodes.length > maxConfigurators) {
      this.#report({ code: "bad-rule", where: path, message: `${nodes.length} rules; the first ${maxConfigurators} by name count` });
    }
    return inOrder(rules);
  }
}
