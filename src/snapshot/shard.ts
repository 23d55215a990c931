import { hash } from "node:crypto";

/**
 * The shard, from 0, that holds an object: a pure function of its "namespace/name" and the number of
 * shards, equal on every replica and after every restart.
 *
 * A generated object is called after its service's host, so a host is on one shard whatever its type. Of
 * a ready object it is the name too, not a host from its content: an edit then cannot move it to another
 * shard, where it would come to istiod before or after it left the first.
 */
export function shardOf(name: string, shards: number): number {
  return shards === 1 ? 0 : Number.parseInt(hash("sha256", name, "hex").slice(0, 8), 16) % shards;
}
