/** One session of the `zookeeper` kind: follows Dubbo's layout through a connection that is kept. */
import type { StartSession } from "../../contract.ts";
import { KeptSession } from "../connection/kept-session.ts";
import { KnownTree } from "./application/known-tree.ts";
import { DubboFollower } from "./dubbo-follower.ts";
import { KnownInterfaces } from "./known-interfaces.ts";
import { KnownRules } from "./rules/known-rules.ts";
import type { DubboSettings } from "./settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as DubboSettings;
  const known = new KnownInterfaces(context.known);
  const { emit, log } = context;
  const applications = new KnownTree();
  const rules = new KnownRules((problem) => emit.problem(problem));
  return new KeptSession(
    context,
    settings,
    (client, listed) => new DubboFollower({ client, settings, known, applications, rules, emit, log, listed }),
  );
};
