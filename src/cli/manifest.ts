/** `tributary manifest`: what is installed, for given settings. */
import { manifests, manifestText } from "../manifests/manifests.ts";
import type { ManifestSettings } from "../manifests/settings.ts";

/** Prints one of them, or the list of them. */
export async function manifest(name: string | undefined, settings: ManifestSettings): Promise<number> {
  const chosen = manifests.find((each) => each.name === name);
  if (chosen) {
    process.stdout.write(manifestText(chosen, settings));
    return 0;
  }
  const width = Math.max(...manifests.map((each) => each.name.length)) + 2;
  const list = manifests.map((each) => `  ${each.name.padEnd(width)}${each.about}`).join("\n");
  if (name === undefined) {
    console.log(list);
    return 0;
  }
  console.error(`tributary: there is no manifest ${JSON.stringify(name)}; there are\n${list}`);
  return 2;
}
