/** Every status that Eureka knows. */
export const statuses = ["UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"] as const;

export type Status = (typeof statuses)[number];

/** Whatever is no status is UNKNOWN, as Eureka's own clients read it. */
export function readStatus(value: unknown): Status {
  const text = typeof value === "string" ? value.toUpperCase() : "";
  return statuses.find((status) => status === text) ?? "UNKNOWN";
}
