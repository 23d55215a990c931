/** How a kubeconfig wants a token to be made: by a command. Only read here; nothing is run. */
import type { ExecPlugin } from "../credential.ts";

const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/** @throws Error that says what is wrong */
export function readExecPlugin(value: unknown): ExecPlugin {
  const { apiVersion, command, args, env } = (typeof value === "object" ? value : {}) as Record<string, unknown>;
  if (typeof apiVersion !== "string" || !versions.includes(apiVersion))
    throw new Error(`\`exec.apiVersion\` is none of ${versions.join(", ")}`);
  if (typeof command !== "string" || command === "") throw new Error("`exec.command` is missing");
  if (!isTexts(args ?? [])) throw new Error("`exec.args` is no list of texts");
  const pairs = env ?? [];
  if (!Array.isArray(pairs) || !pairs.every(isPair)) throw new Error("`exec.env` is no list of names and values");
  return { apiVersion, command, args: (args ?? []) as string[], env: pairs.map(({ name, value: set }) => ({ name, value: set })) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isPair(value: unknown): value is { name: string; value: string } {
  const { name, value: set } = (value ?? {}) as Record<string, unknown>;
  return typeof name === "string" && typeof set === "string";
}
