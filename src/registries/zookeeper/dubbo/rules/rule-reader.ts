/**
 * Follows all rules about providers through one session: those of the config centre, and those that
 * stand as nodes below the interfaces that are followed.
 */
import { Readings } from "../../connection/readings.ts";
import { Announcements } from "../announcements.ts";
import type { InterfaceNames } from "../interface-names.ts";
import type { Place } from "../paths.ts";
import { ConfigCenter, type ConfigCenterContext } from "./config-center.ts";
import { permitted, refused } from "./permitted.ts";
import { isRuleNode } from "./rule-key.ts";

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
   * Reads an interface's own rules, unless it did so before. Answers come in the order of requests:
   * who asks for the providers next has the rules in force when they come.
   */
  follow(directory: string): Promise<void> | undefined {
    if (this.#followed.has(directory)) return undefined;
    const name = this.#context.known.get(directory)?.name ?? this.#context.names.decoded(directory);
    if (name === undefined) return undefined;
    this.#followed.set(directory, name);
    return this.#read(directory, name);
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
      case "configurators": {
        const name = this.#followed.get(place.directory);
        if (name === undefined) return undefined;
        this.#announcements.add(place.directory);
        return this.#read(place.directory, name);
      }
      default:
        return undefined;
    }
  }

  #read(directory: string, name: string): Promise<void> {
    return this.#readings.run(directory, async () => {
      const { client, paths, rules, report, reread, untold } = this.#context;
      const path = paths.configurators(directory);
      const set = (nodes: readonly string[]): boolean => rules.setConfigurators(name, path, nodes);
      const read = (nodes: readonly string[]): boolean => {
        if (!this.#announcements.cover(directory, nodes)) untold(path);
        return set(nodes);
      };
      const differs = await permitted(path, report, () => client.follow(path, read));
      if (differs !== refused && (differs ?? set([]))) reread(directory);
    });
  }
}
