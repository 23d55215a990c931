/** The methods of RegistriesService. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { OwnedRegistrySchema, type RegistriesService } from "../../gen/tributary/admin/v1/registries_pb.ts";
import { registryOf } from "../../registries/source-id.ts";
import type { Changes, OwnedEntry } from "../changes.ts";
import { callerIn } from "./caller.ts";
import { changed, excerptOf, nameOf, ownerOf } from "./change-methods.ts";
import type { Inspection } from "./inspection.ts";

export function registriesMethods({ views }: Pick<Inspection, "views">, changes: Changes): ServiceImpl<typeof RegistriesService> {
  const messageOf = (entry: OwnedEntry): MessageInitShape<typeof OwnedRegistrySchema> => {
    const sources = views.registries().filter(({ id }) => registryOf(id) === entry.id);
    const phases = [...new Set(sources.map(({ status }) => status.phase))];
    return { id: entry.id, type: entry.type, owner: ownerOf(entry), phases, config: excerptOf(entry) };
  };
  return {
    listRegistries: () => ({ registries: changes.registries().map(messageOf) }),
    getRegistry({ id }) {
      const entry = changes.registries().find((one) => one.id === id);
      if (entry === undefined) throw new ConnectError(`there is no registry ${JSON.stringify(id.slice(0, 100))}`, Code.NotFound);
      return create(OwnedRegistrySchema, messageOf(entry));
    },
    setRegistries: ({ config, fileName, onlyNew }, context) =>
      changed(() => changes.setRegistries({ text: config, shownAs: nameOf(fileName), by: callerIn(context), onlyNew })),
    removeRegistry: ({ id }, context) => changed(() => changes.removeRegistry(id, callerIn(context))),
  };
}
