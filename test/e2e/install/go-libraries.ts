/** Builds small programs around libraries of others: clients for the protocols we serve, and Helm's engine. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { buildGo } from "./go-build.ts";

const servers = path.join(repository, "test/e2e/servers");

/** @returns the path of the program around istio-mcp's client */
export function installIstioMcpClient(): Promise<string> {
  const what = "istio-mcp's client (Go; 1 to 2 minutes the first time)";
  return build("istio-mcp-client", { what, module: path.join(servers, "istio-mcp-client"), package: "." });
}

/** @returns the path of the program around Istio's clients */
export function installAdscClient(): Promise<string> {
  const what = "Istio's xDS clients (Go; minutes if istiod was not built before)";
  return build("adsc-client", { what, module: path.join(servers, "istiod"), package: "./adsc-client" });
}

/** @returns the path of a program that renders a chart */
export function installHelmRender(): Promise<string> {
  const what = "Helm's engine (Go; minutes if istioctl was not built before)";
  return build("helm-render", { what, module: path.join(servers, "istiod"), package: "./helm-render" });
}

async function build(name: string, options: { what: string; module: string; package: string }): Promise<string> {
  const files = ["go.mod", "go.sum", path.join(options.package, "main.go")].map((file) => path.join(options.module, file));
  const folder = installFolder(name, files);
  const binary = path.join(folder, name);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  await buildGo({ ...options, binary });
  return binary;
}
