/**
 * Reads what an application offers in a revision, from where Java or where dubbo-go puts it. A node that does not exist
 * is watched until it does: an instance may be there before its metadata, and most applications write none at all.
 */
import type { Problem } from "../../../contract.ts";
import { type MetadataInfo, parseMetadataInfo } from "../../../dubbo/application/metadata-info.ts";
import { type Client, RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";
import type { DubboPaths } from "../paths.ts";

export interface MetadataReaderContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly found: (application: string, revision: string, metadata: MetadataInfo) => void;
  readonly report: (problem: Problem) => void;
}

interface Wanted {
  readonly application: string;
  readonly revision: string;
}

export class MetadataReader {
  readonly #context: MetadataReaderContext;
  /** What this session has asked for, by every path where it may lie. */
  readonly #wanted = new Map<string, Wanted>();

  constructor(context: MetadataReaderContext) {
    this.#context = context;
  }

  /** Reads it unless this session has done so before. */
  async follow(application: string, revision: string): Promise<void> {
    const [path] = this.#context.paths.metadata(application, revision);
    if (!this.#wanted.has(path!)) await this.read(application, revision);
  }

  /** Reads it once; a change of it, or its creation, is told to `changed`. */
  async read(application: string, revision: string): Promise<void> {
    const { client, paths, found } = this.#context;
    for (const path of paths.metadata(application, revision)) {
      this.#wanted.set(path, { application, revision });
      try {
        const metadata = await client.followData(path, (content) => this.#parse(content, application, path));
        if (metadata === undefined || metadata === "bad") continue;
        found(application, revision, metadata);
        return;
      } catch (error) {
        if (!(error instanceof RequestFailed) || error.code !== noAuth) throw error;
        this.#context.report({ code: "no-permission", where: path, message: error.message });
      }
    }
  }

  /** A watch fired. @returns the reading that it calls for, if the path is one of these */
  changed(path: string): Promise<void> | undefined {
    const wanted = this.#wanted.get(path);
    return wanted && this.read(wanted.application, wanted.revision);
  }

  /** Follows only these from here on. */
  retain(isWanted: (application: string, revision: string) => boolean): void {
    for (const [path, { application, revision }] of this.#wanted) if (!isWanted(application, revision)) this.#wanted.delete(path);
  }

  #parse(content: Buffer, application: string, path: string): MetadataInfo | "bad" {
    const parsed = parseMetadataInfo(content, application);
    if (typeof parsed !== "string") return parsed;
    this.#context.report({ code: "bad-metadata", where: path, message: parsed });
    return "bad";
  }
}
