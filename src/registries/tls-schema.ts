/** The `tls` section of kinds that reach their servers over TLS. */
import * as z from "zod";
import type { TlsSettings } from "./tls-settings.ts";

const file = z.string().min(1);

/** Those of the section that name files (`RegistryKind.pathKeys`). */
export const tlsPathKeys: readonly string[] = ["tls.ca", "tls.certificate", "tls.key"];

export const tlsSection = z
  .strictObject({
    ca: file.optional().describe("File of the authorities that may certify the servers (PEM); absent: those that Node.js knows."),
    certificate: file.optional().describe("File of our own certificate chain (PEM), for servers that ask for one."),
    key: file.optional().describe("File of its private key (PEM)."),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe("Name or address that the certificates of all servers must be for; absent: that in `servers`."),
    verifyServerName: z
      .boolean()
      .default(true)
      .describe("`false`: any certificate of the authorities will do, whatever its name; where servers share one that names none of them."),
  })
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
    error: "`certificate` and `key` belong together",
  });

/** Fails to compile if schema and connections disagree. */
const _settings = (parsed: z.output<typeof tlsSection>): TlsSettings => parsed;
void _settings;
