/** `tributary registries`: the registries of a running server, and those that are added to it. */
import { changeText } from "../../admin/text/change-text.ts";
import { ownedRegistriesText, ownedRegistryText } from "../../admin/text/registries-text.ts";
import {
  ChangeResponseSchema,
  ListRegistriesResponseSchema,
  OwnedRegistrySchema,
  RegistriesService,
} from "../../gen/tributary/admin/v1/registries_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { askService } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";
import { readConfigText } from "./config-text.ts";

export async function list(options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await askService(RegistriesService, options, (client) => client.listRegistries({}));
  print(ListRegistriesResponseSchema, answer, options.output, ({ registries }) => ownedRegistriesText(registries));
  return 0;
}

export async function get(id: string, options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await askService(RegistriesService, options, (client) => client.getRegistry({ id }));
  print(OwnedRegistrySchema, answer, options.output, ownedRegistryText);
  return 0;
}

export async function set(file: string, options: AskOptions & { readonly onlyNew: boolean }): Promise<number> {
  const { onlyNew } = options;
  const answer = await askService(RegistriesService, options, (client) => client.setRegistries({ ...readConfigText(file), onlyNew }));
  print(ChangeResponseSchema, answer, options.output, changeText);
  return 0;
}

export async function remove(id: string, options: AskOptions): Promise<number> {
  const answer = await askService(RegistriesService, options, (client) => client.removeRegistry({ id }));
  print(ChangeResponseSchema, answer, options.output, changeText);
  return 0;
}
