import { startOnlySettings } from "../src/config/rules/start-only.ts";
import { commonRegistryShape } from "../src/config/sections/registry-schema.ts";
import { configShape, registryShapes, type Shape } from "../src/config/shape.ts";
import type { RegistryKind } from "../src/registries/contract.ts";
import { kinds } from "../src/registries/kinds.ts";
import { configExample } from "./config-example.ts";
import { generatedNote } from "./generated-note.ts";
import { markdownTable } from "./markdown-table.ts";
import { settingHead, settingRows } from "./setting-rows.ts";

/** `docs/config.md` */
export function configPage(): string {
  const shape = configShape(kinds);
  const [first] = registryShapes(shape);
  const sections = Object.entries(shape.properties ?? {}).filter(([name]) => name !== "registries");
  return `# Configuration

${generatedNote}

One YAML 1.2 file, \`tributary.yaml\`, given by \`--config\`. Unknown and duplicate keys are errors. Everything that is
wrong is told at once, as \`file:line:column\`. Editors find the schema with
\`# yaml-language-server: $schema=…/schema/tributary.schema.json\` in the first line.

- **Durations** are written \`250ms\`, \`30s\`, \`1m30s\`, \`1h\`; at most \`24d\`.
- **References**: any text may hold \`\${env:NAME}\` or \`\${file:PATH}\`, also several of them; \`$\${\` is a plain \`\${\`. A
  relative path counts from this file's folder; newlines at the end of a file are dropped. Resolved values are never
  printed: logs and debug pages show the reference.
- **Reload**: this file and the files of its references are watched, also as mounted ConfigMaps and Secrets. A bad edit is
  reported and what runs stays. A good one is applied as a difference: only registries that changed are restarted.
- **Read only at start**: ${startOnlySettings.map(({ name }) => `\`${name}\``).join(", ")}. An edit that changes one of
  them is refused as a whole (\`CONFIG_NEEDS_RESTART\`).

## \`registries\`

A list with at least one entry. Every registry has these keys, and beside them those of its \`type\`.

${markdownTable(settingHead, [["`type`", kinds.map(({ id }) => `\`${id}\``).join(" or "), "required", "Kind of the registry."], ...settingRows(pick(first, true))])}

${kinds.map((kind, index) => kindSection(kind, registryShapes(shape)[index])).join("\n\n")}

${sections.map(([name, section]) => sectionText(name, section)).join("\n\n")}

## Complete example

Every setting with its default.

\`\`\`yaml
${configExample(shape)}\`\`\`
`;
}

function sectionText(name: string, section: Shape): string {
  // One that is a single setting needs no table.
  if (section.properties === undefined) {
    const [, type, value, description] = settingRows({ properties: { [name]: section } })[0] ?? [];
    return `## \`${name}\`\n\n${type}, default ${value}. ${description}`;
  }
  return `## \`${name}\`\n\n${section.description ?? ""}\n\n${markdownTable(settingHead, settingRows(section))}`;
}

function kindSection({ id, summary, naming }: RegistryKind, shape: Shape | undefined): string {
  const usual = naming.usualProtocols.map((protocol) => `\`${protocol}\``).join(", ");
  return `### \`type: ${id}\`

${summary} Hosts: template \`${naming.template}\`, suffix \`${naming.suffix}\`; usual protocols: ${usual}.

${markdownTable(settingHead, settingRows(pick(shape, false)))}`;
}

/** The keys every registry has, or those only this kind has. */
function pick(shape: Shape | undefined, common: boolean): Shape {
  const isCommon = (name: string) => Object.hasOwn(commonRegistryShape, name);
  const entries = Object.entries(shape?.properties ?? {}).filter(([name]) => name !== "type" && isCommon(name) === common);
  return { ...shape, properties: Object.fromEntries(entries) };
}
