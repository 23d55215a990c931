/**
 * From the text of a kubeconfig to what it takes to reach its cluster. Nothing in it is followed before all of it was
 * looked through: no command is run and no file is read that the configuration does not allow.
 */
import { X509Certificate } from "node:crypto";
import { readBoundedFile } from "../../config/files/bounded-file.ts";
import type { ClusterCredential } from "../credential.ts";
import type { KubeconfigAllowance } from "./allowance.ts";
import { dangersIn } from "./dangers.ts";
import { type KubeconfigDocument, type NamedSection, parseKubeconfig } from "./document.ts";
import { readExecPlugin } from "./exec-plugin.ts";

export interface KubeconfigOptions {
  /** Absent: its current context, without one the first, without any the first cluster and user. */
  readonly context?: string | undefined;
  readonly allow?: readonly KubeconfigAllowance[];
  /** Reads a file that the kubeconfig names, if that is allowed; by default from disk. Throws what is wrong with it. */
  readonly readFile?: (path: string) => string;
}

/** Either `access` or `refused`. */
export interface ReadKubeconfig {
  /** Name of the cluster in it; absent where that cannot be told. */
  readonly cluster?: string;
  readonly access?: Omit<ClusterCredential, "id" | "local" | "network" | "region" | "zone" | "priority">;
  /** What is wrong, without a word of any secret. */
  readonly refused?: string;
}

/** Of a file that it names; bytes. */
const largestFile = 1024 * 1024;

/** Never throws. */
export function readKubeconfig(text: string, options: KubeconfigOptions = {}): ReadKubeconfig {
  let cluster: string | undefined;
  try {
    const document = parseKubeconfig(text);
    const chosen = choose(document, options.context);
    cluster = chosen.cluster.name;
    const dangers = dangersIn(document, options.allow ?? []);
    if (dangers.length > 0) return { cluster, refused: dangers.join("; ") };
    const readFile = options.readFile ?? ((path) => readBoundedFile(path, largestFile));
    return { cluster, access: accessOf(chosen, readFile) };
  } catch (error) {
    return { ...(cluster !== undefined && { cluster }), refused: (error as Error).message };
  }
}

interface Chosen {
  readonly cluster: NamedSection;
  readonly user: NamedSection | undefined;
}

function choose({ currentContext, contexts, clusters, users }: KubeconfigDocument, wanted: string | undefined): Chosen {
  const name = wanted ?? currentContext;
  const context = name === undefined ? contexts[0] : contexts.find((one) => one.name === name);
  if (context === undefined) {
    const [cluster] = clusters;
    if (name !== undefined) throw new Error(`it has no context ${JSON.stringify(name.slice(0, 100))}`);
    if (cluster === undefined) throw new Error("it names no cluster");
    return { cluster, user: users[0] };
  }
  const cluster = clusters.find((one) => one.name === context.value.cluster);
  if (cluster === undefined) throw new Error(`context ${JSON.stringify(context.name.slice(0, 100))} names no cluster that is in it`);
  const { user } = context.value;
  const its = users.find((one) => one.name === user);
  if (its === undefined && user !== undefined && user !== "") {
    throw new Error(`context ${JSON.stringify(context.name.slice(0, 100))} names no user that is in it`);
  }
  return { cluster, user: its };
}

function accessOf(
  { cluster: { value: cluster }, user }: Chosen,
  readFile: (path: string) => string,
): NonNullable<ReadKubeconfig["access"]> {
  const from = (section: NamedSection["value"], data: string, file: string) => secret(section, data, file, readFile);
  const who = user?.value ?? {};
  const ca = from(cluster, "certificate-authority-data", "certificate-authority");
  const certificate = from(who, "client-certificate-data", "client-certificate");
  const key = from(who, "client-key-data", "client-key");
  // Of both, the file counts, as for every client of Kubernetes.
  const token = tokenOf(text(who, "tokenFile") === undefined ? text(who, "token") : fileOf(who, "tokenFile", readFile));
  if (ca !== undefined) checkCertificate(ca, "certificate-authority-data");
  if (certificate !== undefined) checkCertificate(certificate, "client-certificate-data");
  if ((certificate === undefined) !== (key === undefined)) throw new Error("a client certificate needs its key, and a key its certificate");
  const server = serverOf(text(cluster, "server"));
  const exec = who.exec === undefined || who.exec === null ? undefined : readExecPlugin(who.exec);
  if (server.startsWith("http:") && (token !== undefined || exec !== undefined))
    throw new Error("`server` is not https: the token would travel in the clear");
  const tlsServerName = text(cluster, "tls-server-name");
  const proxy = text(cluster, "proxy-url");
  const impersonate = impersonation(who);
  return {
    server,
    ...(ca !== undefined && { ca }),
    ...(cluster["insecure-skip-tls-verify"] === true && { skipTlsVerify: true }),
    ...(certificate !== undefined && { certificate, key }),
    ...(token !== undefined && { token }),
    ...(exec && token === undefined && { exec }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(proxy !== undefined && { proxy: proxyOf(proxy) }),
    ...(impersonate && { impersonate }),
  };
}

/** Text that is embedded, else that of the file that is named. */
function secret(section: NamedSection["value"], data: string, file: string, readFile: (path: string) => string): string | undefined {
  const embedded = text(section, data);
  if (embedded === undefined) return fileOf(section, file, readFile);
  const compact = embedded.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw new Error(`\`${data}\` is no base64`);
  return Buffer.from(compact, "base64").toString("utf8");
}

function fileOf(section: NamedSection["value"], key: string, readFile: (path: string) => string): string | undefined {
  const path = text(section, key);
  if (path === undefined) return undefined;
  if (!path.startsWith("/")) throw new Error(`\`${key}\` is no absolute path`);
  try {
    return readFile(path);
  } catch (error) {
    throw new Error(`\`${key}\`: ${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Editors and `echo` leave line ends behind, which no header may hold. */
function tokenOf(written: string | undefined): string | undefined {
  const token = written?.trim();
  if (token === undefined || token === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error("the token holds characters that no token has");
  return token;
}

function checkCertificate(pem: string, key: string): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new Error(`\`${key}\` holds no PEM certificate`);
  }
}

function serverOf(server: string | undefined): string {
  const url = server === undefined ? null : URL.parse(server);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "") {
    throw new Error("`server` is no URL such as https://10.0.0.1:6443");
  }
  return url.href.replace(/\/$/, "");
}

function proxyOf(proxy: string): string {
  const url = URL.parse(proxy);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) throw new Error("`proxy-url` is no URL of an HTTP proxy");
  return url.href;
}

function impersonation(who: NamedSection["value"]): ClusterCredential["impersonate"] {
  const [user, uid, groups] = [text(who, "as"), text(who, "as-uid"), who["as-groups"] ?? []];
  if (!Array.isArray(groups) || !groups.every((group): group is string => typeof group === "string"))
    throw new Error("`as-groups` is no list of names");
  if (user === undefined && (uid !== undefined || groups.length > 0)) throw new Error("`as-groups` and `as-uid` need an `as`");
  return user === undefined ? undefined : { user, groups, ...(uid !== undefined && { uid }) };
}

function text(section: NamedSection["value"], key: string): string | undefined {
  const value = section[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw new Error(`\`${key}\` is no text`);
  return value;
}
