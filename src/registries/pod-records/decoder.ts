/** The forms in which pods describe themselves. */
import { decodeDubboMetadata } from "./dubbo-metadata.ts";
import { decodeDubboRecords } from "./dubbo-records.ts";
import { decodeJsonServices } from "./json-services.ts";
import type { Decode } from "./registrations.ts";
import { decodeByTemplate, type ServiceTemplate } from "./service-template.ts";

export type Decoder = "dubbo-records" | "dubbo-metadata" | "json-services" | "template";

/** @param template only of the decoder `template` */
export function decoder(name: Decoder, template?: ServiceTemplate): Decode {
  switch (name) {
    case "dubbo-records":
      return decodeDubboRecords;
    case "dubbo-metadata":
      return decodeDubboMetadata;
    case "json-services":
      return decodeJsonServices;
    case "template":
      if (template === undefined) throw new RangeError("the decoder template needs a template");
      return decodeByTemplate(template);
  }
}
