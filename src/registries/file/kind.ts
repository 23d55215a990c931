/** The light half of the `file` kind: its word, its keys, its names. */
import * as z from "zod";
import { duration } from "../../config/sections/values.ts";
import type { RegistryKind } from "../contract.ts";

const schema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      "A file, or a folder whose *.yaml, *.yml and *.json are read (three levels deep, hidden ones skipped); relative to this configuration.",
    ),
  format: z
    .enum(["auto", "services", "istio"])
    .default("auto")
    .describe("`services`: the simple format; `istio`: plain Istio objects; `auto`: each document tells by its keys."),
  poll: duration
    .prefault("5s")
    .describe("Files are also looked at this often, where change notifications do not work (network file systems)."),
  confirm: duration.prefault("1s").describe("A deleted or emptied file is looked at again after this time before what it held is gone."),
});

export type FileSettings = z.output<typeof schema>;

export const fileKind: RegistryKind<typeof schema.shape> = {
  id: "file",
  summary: "Services, facts and Istio objects from files, reloaded as they change.",
  schema,
  pathKeys: ["path"],
  naming: {
    suffix: "file",
    template: "[{protocol}.]{name}[.v-{version}][.g-{group}][.{namespace}].file",
    usualProtocols: ["http", "grpc", "tcp"],
  },
  session: new URL("./session.ts", import.meta.url),
};
