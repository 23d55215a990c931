/**
 * `npm run bundle`: the program as one folder without dependencies, for images and machines without npm.
 * `node dist/tributary.js` is the same command as `npx tributary`; it starts in two thirds of the time,
 * because a few large files are read instead of some hundred small ones.
 *
 *   node tools/bundle.ts [FOLDER]    default: dist
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const launcher = join(root, "bin/tributary.js");

/** Modules are named by their URL where they are loaded as threads, as sessions, or by the launcher. */
const moduleUrl = /new URL\("(\.{1,2}\/[^"]+\.ts)", import\.meta\.url\)/g;
/** Files of the root that the program reads; in the bundle they lie beside it. */
const assetUrl = /new URL\("(?:\.\.\/)+((?:package\.json|examples\/)[^"]*)", import\.meta\.url\)/g;

/** Every module that is loaded by its URL, with the name of its file in the bundle. */
function entryPoints(): Record<string, string> {
  const entries: Record<string, string> = { tributary: launcher };
  for (const file of [launcher, ...globSync("src/**/*.ts", { cwd: root }).map((path) => join(root, path))]) {
    for (const [, target] of readFileSync(file, "utf8").matchAll(moduleUrl)) {
      const module = resolve(dirname(file), target!);
      entries[entryName(module)] = module;
    }
  }
  return entries;
}

/** `registries/file/session.ts` → `registries-file-session`: one folder, so that a URL beside oneself finds it from everywhere. */
function entryName(module: string): string {
  return relative(join(root, "src"), module).replace(/\.ts$/, "").replaceAll("/", "-");
}

const urls: Plugin = {
  name: "urls",
  setup({ onLoad }) {
    onLoad({ filter: /\/(src\/.*\.ts|bin\/.*\.js)$/ }, ({ path }) => {
      if (!path.startsWith(root) || path.includes("node_modules")) return undefined;
      const contents = readFileSync(path, "utf8")
        .replace(moduleUrl, (_, target: string) => beside(`${entryName(resolve(dirname(path), target))}.js`))
        .replace(assetUrl, (_, asset: string) => beside(asset));
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
    });
  },
};

function beside(file: string): string {
  return `new URL("./${file}", import.meta.url)`;
}

/** Writes the bundle into a folder, in place of whatever was there. */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    logLevel: "warning",
    plugins: [urls],
    // A part of the `nacos` package would load it for requests through a proxy, of which it makes none.
    external: ["proxy-agent"],
    // CommonJS packages ask for Node's modules by `require`, which an ES module has not.
    banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' },
  });
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
  const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify({ name, version, license, private: true, type: "module" }, undefined, 2)}\n`,
  );
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(root, "dist"));
  await bundle(folder);
  console.log(
    `bundled into ${relative(process.cwd(), folder) || folder}: node ${relative(process.cwd(), join(folder, "tributary.js"))} --help`,
  );
}
