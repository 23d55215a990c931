/** What `/apps` and `/apps/delta` answer. */
import { type EurekaInstance, readInstance } from "./instance.ts";

export interface Applications {
  /** The server's count of its instances, by status; undefined where it tells none. */
  readonly hashCode: string | undefined;
  /** In the order in which they were told. */
  readonly instances: readonly EurekaInstance[];
}

/**
 * @param json untrusted
 * @returns undefined if it is nothing that a Eureka server would say
 */
export function readApplications(json: unknown): Applications | undefined {
  const applications = isObject(json) ? json.applications : undefined;
  if (!isObject(applications)) return undefined;
  const instances: EurekaInstance[] = [];
  for (const application of list(applications.application)) {
    if (!isObject(application)) continue;
    for (const instance of list(application.instance)) {
      if (!isObject(instance)) continue;
      const app = text(application.name) || text(instance.app);
      if (app) instances.push(readInstance(app, instance));
    }
  }
  return { hashCode: readHashCode(applications), instances };
}

/** `apps__hashcode`: the `_` is doubled, or whatever the server is configured to write for it. */
function readHashCode(applications: Record<string, unknown>): string | undefined {
  const [, value] = Object.entries(applications).find(([key]) => /^apps.*hashcode$/i.test(key)) ?? [];
  return text(value);
}

/** What was made from XML has a single thing in place of a list of one, and nothing or "" in place of an empty one. */
function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? [value] : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= 1_024 ? value.trim() : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
