import { z } from "zod";
import type { RegistryKind } from "../../src/registries/contract.ts";

const naming = { suffix: "test", template: "{name}", usualProtocols: ["http"] };
const session = new URL("file:///never-started");

/** Two small registry kinds, to test the configuration without any real one. */
export const testKinds: readonly RegistryKind[] = [
  {
    id: "pond",
    summary: "Fish.",
    schema: z.strictObject({
      servers: z.array(z.string().min(1)).min(1).describe("Where the fish are."),
      password: z.string().optional().describe("To get in."),
      depth: z.int().min(1).max(9).default(3).describe("How deep."),
    }),
    naming,
    session,
  },
  {
    id: "river",
    summary: "Water.",
    schema: z.strictObject({
      path: z.string().describe("Where it flows."),
      bed: z.string().optional().describe("Where it lies."),
      banks: z
        .strictObject({ left: z.string().optional().describe("One of two.") })
        .optional()
        .describe("Where it ends."),
    }),
    pathKeys: ["bed", "banks.left"],
    naming,
    session,
  },
];
