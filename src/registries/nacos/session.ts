/** The session of the `nacos` kind. */
import type { StartSession } from "../contract.ts";
import { NacosSession } from "./nacos-session.ts";

export const start: StartSession = (context) => new NacosSession(context);
