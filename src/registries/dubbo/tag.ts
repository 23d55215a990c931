/** How Dubbo's tags become labels. */

/** Bounds for what others write. */
const maxLabels = 32;
const maxTag = 256;

/** A plain word is the tag; `env=gray,zone=a` is a list of labels of their own. */
export function addTag(labels: Record<string, string>, tag: string): void {
  if (tag.length > maxTag) return;
  if (!/[=%]/.test(tag)) {
    labels["dubbo.tag"] = tag;
    return;
  }
  const pairs = (/%(3d|2c)/i.test(tag) ? unescapeList(tag) : tag).split(",");
  if (!pairs.every((pair) => /^[^=]+=[^=]+$/.test(pair))) {
    labels["dubbo.tag"] = tag;
    return;
  }
  for (const pair of pairs.slice(0, maxLabels)) {
    const [key, value] = pair.split("=", 2) as [string, string];
    labels[key.trim()] = value.trim();
  }
}

function unescapeList(tag: string): string {
  return tag.replace(/%3d/gi, "=").replace(/%2c/gi, ",");
}
