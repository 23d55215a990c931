/**
 * What is known of the services of one registry, and the items behind them. Pure: whoever reads services puts them in,
 * and tells what follows when it likes.
 */
import type { Emitter, Listing, Problem } from "../../contract.ts";
import { parseMetadataInfo } from "../../dubbo/application/metadata-info.ts";
import { ApplicationCalls } from "../../dubbo/application-calls.ts";
import { defaultGroup, type NacosService } from "../nacos-service.ts";
import { MergedParts } from "./merged-parts.ts";
import { interfaceUnit, NacosGroup, nameOf, type Unit } from "./nacos-group.ts";
import type { MeaningSettings } from "./settings.ts";

/** What an application offers in one revision; it may lie among the configurations. */
export interface Revision {
  readonly namespace: string;
  readonly group: string;
  readonly application: string;
  readonly revision: string;
}

export class NacosItems {
  readonly #settings: MeaningSettings;
  readonly #report: (problem: Problem) => void;
  readonly #parts: MergedParts;
  readonly #calls: ApplicationCalls;
  /** By namespace, then by group. */
  readonly #groups = new Map<string, Map<string, NacosGroup>>();
  /** Ids of services of earlier workers that may still come: some application's services are not known so far. */
  #inherited: readonly string[];
  /** Revisions whose content is known, by their text. */
  readonly #read = new Set<string>();

  /** @param inherited ids of items that earlier workers told */
  constructor(settings: MeaningSettings, inherited: readonly string[], report: (problem: Problem) => void) {
    this.#settings = settings;
    this.#report = report;
    this.#parts = new MergedParts(inherited);
    this.#calls = new ApplicationCalls(inherited);
    this.#inherited = inherited.filter((id) => id.startsWith("service/"));
  }

  /**
   * Takes a service in as it is now.
   * @param isListed it was read together with all others, and `judge` follows
   */
  put(service: NacosService, isListed = false): void {
    const { namespace, group, name, problems = [], reachProtectionThreshold } = service;
    for (const problem of problems) this.#report(problem);
    if (reachProtectionThreshold) {
      const message = "so few of its instances are healthy that the server calls all of them healthy";
      this.#report({ code: "protection-threshold", where: `${namespace}/${group}/${name}`, message });
    }
    this.#renew(namespace, group, this.#group(namespace, group).put(service, isListed));
  }

  /** The server says that there is no such service. */
  delete(namespace: string, group: string, name: string): void {
    const known = this.#groups.get(namespace)?.get(group);
    if (known) this.#renew(namespace, group, known.delete(name));
  }

  /** Revisions that instances have and whose content is not known. */
  unread(): Revision[] {
    const unread: Revision[] = [];
    for (const { namespace, group, known } of this.#all()) {
      for (const { name, revisions } of known.applications.all()) {
        for (const revision of revisions) {
          const each = { namespace, group, application: name, revision };
          if (!this.#read.has(textOf(each))) unread.push(each);
        }
      }
    }
    return unread;
  }

  /** The content of a revision was read: a `MetadataInfo` in JSON. */
  offer(revision: Revision, content: string): void {
    const { namespace, group, application } = revision;
    const metadata = parseMetadataInfo(Buffer.from(content), application);
    this.#read.add(textOf(revision));
    if (typeof metadata === "string") {
      this.#report({ code: "bad-metadata", where: `${namespace}/${revision.revision}/${application}`, message: metadata });
      return;
    }
    const known = this.#groups.get(namespace)?.get(group);
    const touched = known?.applications.offer(application, revision.revision, metadata) ?? [];
    this.#renew(namespace, group, [`name/${application}`, ...[...touched].map(interfaceUnit)]);
  }

  /**
   * Finds out of which applications nothing tells the services: those are services themselves.
   * @param now by `performance.now()`
   * @param isComplete everything has just been read
   * @returns when to do so again, by `performance.now()`; infinite if there is nothing to wait for
   */
  judge(now: number, isComplete = false): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { namespace, group, known } of this.#all()) {
      const { applications } = known;
      for (const { name, mapped } of applications.judge(applications.all(), { now, isComplete })) {
        this.#renew(namespace, group, [`name/${name}`, ...[...mapped].map(interfaceUnit)]);
      }
      for (const { deadline } of applications.all()) if (deadline !== undefined) next = Math.min(next, deadline);
    }
    return next;
  }

  /** Tells what differs from what was told. */
  tell(emit: Pick<Emitter, "changed" | "removed" | "problem">): void {
    for (const id of this.#parts.takeTouched()) {
      const item = this.#parts.item(id);
      if (item) emit.changed(item);
      else emit.removed(id);
    }
    this.#calls.tell(emit);
  }

  /**
   * Tells everything, after all was read, as a complete listing that is still to be committed.
   * @param isUnread something could not be read; it may be what earlier workers told
   */
  list(listing: Pick<Listing, "add" | "keep">, emit: Pick<Emitter, "changed" | "removed" | "problem">, isUnread = false): void {
    this.#parts.takeTouched();
    this.#forget();
    for (const id of this.#parts.ids()) {
      const item = this.#parts.item(id);
      if (item) listing.add(item);
    }
    this.#inherited = isUnread || this.#isWaiting ? this.#inherited.filter((id) => !this.#parts.has(id)) : [];
    for (const id of this.#inherited) listing.keep(id);
    this.#calls.settle(emit);
    this.#calls.list(listing);
  }

  /** There are instances whose services nothing told so far, and something still may. */
  get #isWaiting(): boolean {
    for (const { known } of this.#all()) for (const { deadline } of known.applications.all()) if (deadline !== undefined) return true;
    return false;
  }

  /** Forgets what nobody has any more. */
  #forget(): void {
    this.#parts.forget();
    const revisions = new Set<string>();
    for (const { namespace, group, known } of this.#all()) {
      for (const application of known.applications.all()) {
        application.forgetRevisions();
        for (const revision of application.revisions) revisions.add(textOf({ namespace, group, application: application.name, revision }));
      }
    }
    for (const text of this.#read) if (!revisions.has(text)) this.#read.delete(text);
  }

  #group(namespace: string, group: string): NacosGroup {
    const byGroup = this.#groups.get(namespace) ?? new Map<string, NacosGroup>();
    this.#groups.set(namespace, byGroup);
    const known = byGroup.get(group) ?? new NacosGroup(namespace, group || defaultGroup, this.#settings, this.#report);
    byGroup.set(group, known);
    return known;
  }

  *#all(): Iterable<{ namespace: string; group: string; known: NacosGroup }> {
    for (const [namespace, byGroup] of this.#groups) for (const [group, known] of byGroup) yield { namespace, group, known };
  }

  #renew(namespace: string, group: string, units: Iterable<Unit>): void {
    const known = this.#group(namespace, group);
    for (const unit of new Set(units)) {
      const source = `${namespace}\n${group}\n${unit}`;
      const services = known.services(unit);
      this.#parts.set(source, services);
      if (unit !== `name/${nameOf(unit)}`) this.#calls.set(source, known.calls(unit, services));
    }
  }
}

function textOf({ namespace, group, application, revision }: Revision): string {
  return [namespace, group, application, revision].join("\n");
}
