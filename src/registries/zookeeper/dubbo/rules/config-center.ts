/** Follows the rules of Dubbo's config centre through one session, and tells which interfaces a change concerns. */
import type { Problem } from "../../../contract.ts";
import { forEachLimited } from "../../../task-pool.ts";
import { type Client, RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";
import { Readings } from "../../connection/readings.ts";
import type { KnownInterfaces } from "../known-interfaces.ts";
import type { DubboPaths } from "../paths.ts";
import type { KnownRules } from "./known-rules.ts";
import { isRuleNode, parseRuleNode } from "./rule-key.ts";

const maxRules = 10_000;
/** Few, because each is parsed as it comes. */
const inFlight = 16;
/** Under this name all are read; no rule has it. */
const allRules = "";
/** In place of what may not be read. */
const refused = Symbol("no permission");

export interface ConfigCenterContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly known: KnownInterfaces;
  readonly rules: KnownRules;
  readonly report: (problem: Problem) => void;
  /** A rule about the interface changed. */
  readonly reread: (directory: string) => void;
  /** A rule about an application, or about what is called like it, changed. */
  readonly retell: (application: string) => void;
}

export class ConfigCenter {
  readonly #context: ConfigCenterContext;
  readonly #readings = new Readings();
  /** Rules that were read since the last listing began, so that a watch is left on them. */
  readonly #followed = new Set<string>();

  constructor(context: ConfigCenterContext) {
    this.#context = context;
  }

  /** Reads every rule anew. */
  list(): Promise<void> {
    this.#followed.clear();
    return this.readNew();
  }

  /** Rules may have come or gone. */
  readNew(): Promise<void> {
    return this.#readings.run(allRules, () => this.#readNew());
  }

  /** @param node the rule's name */
  read(node: string): Promise<void> {
    return this.#readings.run(node, () => this.#read(node));
  }

  async #readNew(): Promise<void> {
    const { client, paths, rules, report } = this.#context;
    const path = paths.configCenter;
    const nodes = await this.#permitted(path, () => client.follow(path, (names) => names.filter(isRuleNode).sort()));
    if (nodes === refused) return;
    const present = new Set(nodes?.slice(0, maxRules));
    if (nodes && nodes.length > maxRules) {
      report({ code: "bad-rule", where: path, message: `${nodes.length} rules; the first ${maxRules} by name count` });
    }
    for (const node of rules.documents) if (!present.has(node)) await this.#set(node, undefined);
    for (const node of this.#followed) if (!present.has(node)) this.#followed.delete(node);
    const unread = [...present].filter((node) => !this.#followed.has(node));
    await forEachLimited(unread, inFlight, (node) => this.read(node));
  }

  async #read(node: string): Promise<void> {
    const { client, paths } = this.#context;
    const path = paths.rule(node);
    const text = await this.#permitted(path, () => client.data(path, String));
    if (text === refused) return;
    if (text === undefined) this.#followed.delete(node);
    else this.#followed.add(node);
    await this.#set(node, text);
  }

  /** What may not be read is said, and costs nothing else: the rules that are known stay in force. */
  async #permitted<T>(path: string, read: () => Promise<T>): Promise<T | typeof refused> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== noAuth) throw error;
      this.#context.report({ code: "no-permission", where: path, message: error.message });
      return refused;
    }
  }

  async #set(node: string, text: string | undefined): Promise<void> {
    const { paths, rules, known, reread, retell } = this.#context;
    if (!(await rules.setDocument(node, paths.rule(node), text))) return;
    const key = parseRuleNode(node);
    retell("interface" in key ? key.interface : key.application);
    for (const [directory, each] of known.entries()) {
      if ("interface" in key ? each.name === key.interface : each.isProvidedBy(key.application)) reread(directory);
    }
  }
}
