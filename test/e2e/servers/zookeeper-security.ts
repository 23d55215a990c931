/** What a ZooKeeper needs for a TLS port, and for SASL logins: options of its start, and the files that they name. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { certificateFile } from "../../support/certificates.ts";
import { freePorts } from "./free-port.ts";
import type { ZooKeeperOptions } from "./zookeeper.ts";

/** Of the stores, which hold nothing but test certificates. */
const storePassword = "changeit";

export interface TlsPort {
  readonly port: number;
  readonly options: ZooKeeperOptions;
}

/**
 * A second port, with the certificate of `localhost` and 127.0.0.1.
 * @param folder gets the stores
 * @param clientAuth whether clients need a certificate of the test authority
 */
export async function tlsPort(folder: string, clientAuth: "need" | "none"): Promise<TlsPort> {
  const [port] = await freePorts(1);
  const [keys, trusted] = [path.join(folder, "keys.p12"), path.join(folder, "trusted.p12")];
  const identity = ["-in", certificateFile("server.pem"), "-inkey", certificateFile("server.key"), "-name", "server"];
  run("openssl", "pkcs12", "-export", ...identity, "-out", keys, "-passout", `pass:${storePassword}`);
  const authority = ["-alias", "authority", "-file", certificateFile("authority.pem")];
  run("keytool", "-importcert", "-noprompt", ...authority, "-keystore", trusted, "-storetype", "PKCS12", "-storepass", storePassword);
  const settings = [
    `secureClientPort=${port}`,
    "secureClientPortAddress=127.0.0.1",
    // The default factory knows no TLS.
    "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
    `ssl.keyStore.location=${keys}`,
    `ssl.keyStore.password=${storePassword}`,
    "ssl.keyStore.type=PKCS12",
    `ssl.trustStore.location=${trusted}`,
    `ssl.trustStore.password=${storePassword}`,
    "ssl.trustStore.type=PKCS12",
    `ssl.clientAuth=${clientAuth}`,
  ];
  return { port: port!, options: { settings } };
}

export interface SaslUser {
  readonly user: string;
  readonly password: string;
}

/**
 * Logins by SASL DIGEST-MD5 for one user.
 * @param folder gets the JAAS file
 * @param required nobody else may do anything
 */
export function saslLogins(folder: string, { user, password }: SaslUser, required: boolean): ZooKeeperOptions {
  const file = path.join(folder, "jaas.conf");
  writeFileSync(file, `Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule required user_${user}="${password}";\n};\n`);
  return {
    jvm: [`-Djava.security.auth.login.config=${file}`],
    settings: [
      "authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
      ...(required ? ["enforce.auth.enabled=true", "enforce.auth.schemes=sasl"] : []),
    ],
  };
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] });
}
