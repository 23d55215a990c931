/** Everything that a running server serves, page by page, as objects for kubectl. */
import { toJson } from "@bufbuild/protobuf";
import { IstioObjectSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { type AdminServerAt, ask } from "./admin-client.ts";

/** As many as the server gives at a time. */
const pageSize = 500;

export async function* servedObjects(server: AdminServerAt): AsyncGenerator<unknown> {
  let pageToken = "";
  do {
    const page = await ask(server, (client) => client.dump({ pageSize, pageToken }));
    for (const object of page.objects) {
      // What only Tributary knows is no part of the object.
      const { version: _version, lastChanged: _lastChanged, ...manifest } = toJson(IstioObjectSchema, object) as Record<string, unknown>;
      yield manifest;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
