/** Signatures by access key, as Nacos' own clients make them for servers with such a plugin (Alibaba Cloud). */
import { createHmac } from "node:crypto";

export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

/**
 * For requests about services.
 * @param service `group@@name`, or `group@@` where a request is about a whole group
 * @param now epoch ms
 */
export function namingSignature({ accessKey, secretKey }: AccessKey, service: string, now: number): Record<string, string> {
  const data = `${now}@@${service}`;
  return { ak: accessKey, data, signature: sign(data, secretKey) };
}

/** For requests about configurations. @param tenant id of the namespace; empty for the public one */
export function configSignature({ accessKey, secretKey }: AccessKey, tenant: string, group: string, now: number): Record<string, string> {
  const resource = [tenant, group].filter((part) => part !== "").join("+");
  const timestamp = String(now);
  return {
    "Spas-AccessKey": accessKey,
    Timestamp: timestamp,
    "Spas-Signature": sign(resource === "" ? timestamp : `${resource}+${timestamp}`, secretKey),
  };
}

function sign(data: string, secretKey: string): string {
  return createHmac("sha1", secretKey).update(data).digest("base64");
}
