/** The section that says which services of several registries are one, and whose endpoints they then have. */
import * as z from "zod";
import { duration } from "./values.ts";

const policies = ["union", "priority", "weighted", "first", "shadow"] as const;
export type MergingPolicy = (typeof policies)[number];

/** The words of dubbo-kubernetes for the same (`mergingStrategy`). */
const otherWords = { "merge-all": "union", "priority-based": "priority", "kubernetes-first": "priority" } as const;
const isOther = (word: string): word is keyof typeof otherWords => Object.hasOwn(otherWords, word);

const policy = z
  .enum([...policies, "merge-all", "priority-based", "kubernetes-first"])
  .transform((word): MergingPolicy => (isOther(word) ? otherWords[word] : word));

const policyText =
  "`union`: the endpoints of all registries. `first`: those of the first registry that gives the service. `priority`: those of the first that has healthy ones, with `failAfter` and `returnAfter`. `weighted`: of all, in the `shares` given. `shadow`: of the first registry alone; the others are compared with it and reported. (`merge-all` is read as `union`, `priority-based` and `kubernetes-first` as `priority`.)";

const failAfter = duration.describe(
  "With `priority`: a registry whose endpoints are all unhealthy gives way to the next after this time; one without endpoints at once.",
);
const returnAfter = duration.describe(
  "With `priority`: a registry that comes first again is returned to after it was healthy for this time.",
);

const sourcePattern = z.string().min(1).max(256);

const ruleShape = z.strictObject({
  hosts: z
    .array(z.string().min(1).max(256))
    .default([])
    .describe("Hosts of services, `*` for any characters, `?` for one. Empty: any, as far as `labels` say so."),
  labels: z
    .record(z.string().min(1).max(317), z.string().min(1).max(256))
    .default({})
    .describe(
      "Labels of endpoints, by key, their values with `*` and `?` as in `hosts`, such as `team: shop`: the rule is for services that have, in any registry, an endpoint with all of them. Those count that registries give, and what `enrich` adds, whether or not `mesh.labels` takes them.",
    ),
  policy: policy.describe("As `merging.policy`, for these services."),
  registries: z
    .array(sourcePattern)
    .default([])
    .describe(
      "Order of precedence for these services: ids of registries, `REGISTRY/CLUSTER` for one cluster of a registry, `*` and `?` as in `hosts`. What one entry names comes together. Those that are left out come behind, in the order of the configuration.",
    ),
  shares: z
    .record(sourcePattern, z.number().min(0).max(1_000_000))
    .default({})
    .describe(
      "With `weighted`: each registry's share of the traffic, in any unit, such as `nacos: 10` and `zookeeper: 90`. A registry that is left out gets nothing while another one has healthy endpoints.",
    ),
  failAfter: failAfter.optional().describe("As `merging.failAfter`, for these services."),
  returnAfter: returnAfter.optional().describe("As `merging.returnAfter`, for these services."),
});

const ruleSchema = ruleShape.refine(({ hosts, labels }) => hosts.length > 0 || Object.keys(labels).length > 0, {
  error: "a rule needs `hosts` or `labels`; for every service there is `merging.policy`",
});

const sameAsSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: "expected a host name in lower case" })
    .describe("The host by which the one service is served. What has this host already is part of it."),
  services: z
    .array(
      z.strictObject({
        host: z.string().min(1).max(253).describe("Host that the service has without this rule."),
        registry: z.string().min(1).optional().describe("Only what this registry gives. Absent: any."),
      }),
    )
    .min(1)
    .describe("Services that are this one."),
});

export const mergingSchema = z
  .strictObject({
    policy: policy.prefault("union").describe(policyText),
    failAfter: failAfter.prefault("5s"),
    returnAfter: returnAfter.prefault("1m"),
    rules: z.array(ruleSchema).max(10_000).default([]).describe("Policies of some services; the first rule that matches counts."),
    sameAs: z
      .array(sameAsSchema)
      .max(100_000)
      .default([])
      .describe("Services that are one although their hosts differ: the beginning of every migration."),
  })
  .prefault({})
  .describe("What becomes of a service that several registries or clusters give.");

export type MergingConfig = z.output<typeof mergingSchema>;
