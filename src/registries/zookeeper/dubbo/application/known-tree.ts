import type { KnownApplication } from "../../../dubbo/application/known-application.ts";
import { KnownApplications } from "../../../dubbo/application/known-applications.ts";
import type { Instances } from "../../curator/service-folder.ts";

/** What is known of the applications that register in a services tree. */
export class KnownTree extends KnownApplications {
  /** What the tree held when it was last read. */
  readonly folders = new Map<string, Instances>();

  /** An application of which an earlier worker told, perhaps without instances now; the tree has its folder. */
  inherit(name: string): KnownApplication {
    if (!this.folders.has(name)) this.folders.set(name, new Map());
    return this.ensure(name);
  }
}
