/**
 * Follows all rules about providers through one session: those of the config centre, and those that
 * stand as nodes below the interfaces that are followed.
 */
import { RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";
import { Readings } from "../../connection/readings.ts";
import { together } from "../../connection/together.ts";
import { Announcements } from "../announcements.ts";
import type { InterfaceNames } from "../interface-names.ts";
import type { Place } from "../paths.ts";
import { ConfigCenter, type ConfigCenterContext } from "./config-center.ts";
import { isRuleNode } from "./rule-key.ts";

/** Interfaces in one request. */
const atATime = 200;

export interface RuleReaderContext extends ConfigCenterContext {
  readonly names: InterfaceNames;
  /** Rules came or went here of which no watch told before they were read. */
  readonly untold: (path: string) => void;
  readonly failed: (error: unknown) => void;
}

export class RuleReader {
  readonly #context: RuleReaderContext;
  readonly #configCenter: ConfigCenter;
  readonly #readings = new Readings();
  readonly #announcements = new Announcements();
  /** Names of the interfaces whose rules were read since the last listing began, by directory: a watch is left on them. */
  readonly #followed = new Map<string, string>();

  constructor(context: RuleReaderContext) {
    this.#context = context;
    this.#configCenter = new ConfigCenter(context);
  }

  /** A listing begins: reads the config centre, and lets `follow` read everything anew. */
  list(): Promise<void> {
    this.#followed.clear();
    return this.#configCenter.list();
  }

  /** A listing is complete: what is not followed has no rules. */
  listed(): void {
    this.#context.rules.retain(new Set(this.#followed.values()));
  }

  /**
   * Reads the rules of many interfaces, where one watch tells of all. Answers come in the order of requests: who asks for
   * the providers afterwards has the rules in force when they come.
   */
  async followAll(directories: readonly string[]): Promise<void> {
    const { client, paths } = this.#context;
    if (!client.isWatched(paths.root)) return;
    const readings = together(directories, atATime).groups.map((group) => {
      const some = group.filter((directory) => this.#adopt(directory));
      const asked = some.map((directory) => paths.configurators(directory));
      return client.childrenOfEach(asked, (at, answer) => this.#take(some[at]!, answer));
    });
    await Promise.all(readings);
  }

  /** Reads the rules of one interface, unless it did so before; as `followAll`. */
  follow(directory: string): Promise<void> | undefined {
    return this.#followed.has(directory) || !this.#adopt(directory) ? undefined : this.#read(directory);
  }

  /** The interface is gone. */
  forget(directory: string): void {
    const name = this.#followed.get(directory);
    if (name === undefined) return;
    this.#followed.delete(directory);
    this.#announcements.forget(directory);
    this.#context.rules.setConfigurators(name, "", []);
  }

  /** A watch fired. */
  changed(place: Place): void {
    this.#reading(place)?.catch(this.#context.failed);
  }

  #reading(place: Place): Promise<void> | undefined {
    switch (place.what) {
      case "config-center":
        return this.#configCenter.readNew();
      case "rule":
        return isRuleNode(place.node) ? this.#configCenter.read(place.node) : undefined;
      case "configurators":
        if (!this.#followed.has(place.directory)) return undefined;
        this.#announcements.add(place.directory);
        return this.#read(place.directory);
      default:
        return undefined;
    }
  }

  /** @returns whether it is an interface */
  #adopt(directory: string): boolean {
    const name = this.#context.known.get(directory)?.name ?? this.#context.names.decoded(directory);
    if (name !== undefined) this.#followed.set(directory, name);
    return name !== undefined;
  }

  #read(directory: string): Promise<void> {
    return this.#readings.run(directory, async () => {
      const { client, paths } = this.#context;
      const take = (answer: readonly string[] | RequestFailed | undefined): true => {
        this.#take(directory, answer);
        return true;
      };
      try {
        if (!(await client.follow(paths.configurators(directory), take))) take(undefined);
      } catch (error) {
        if (!(error instanceof RequestFailed)) throw error;
        take(error);
      }
    });
  }

  /** An interface's rules, that it has no folder for any, or that they cannot be read. */
  #take(directory: string, answer: readonly string[] | RequestFailed | undefined): void {
    const { paths, rules, report, reread, untold } = this.#context;
    const name = this.#followed.get(directory);
    if (name === undefined) return;
    const path = paths.configurators(directory);
    if (answer instanceof RequestFailed) {
      if (answer.code !== noAuth) throw answer;
      // Costs nothing else: the rules that are known stay in force.
      report({ code: "no-permission", where: path, message: answer.message });
      return;
    }
    if (answer && !this.#announcements.cover(directory, answer)) untold(path);
    if (rules.setConfigurators(name, path, answer ?? [])) reread(directory);
  }
}
