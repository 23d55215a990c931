/** The identity of what is published: `dataId#@#instanceId#@#group`. */

export interface DataInfoId {
  readonly dataId: string;
  readonly instanceId: string;
  readonly group: string;
}

const separator = "#@#";
/** Bound for what others write. */
const maxLength = 1_024;

export function dataInfoIdText({ dataId, instanceId, group }: DataInfoId): string {
  return [dataId, instanceId, group].join(separator);
}

/** Undefined for a text that is none. */
export function parseDataInfoId(text: string): DataInfoId | undefined {
  if (text.length > maxLength) return undefined;
  const parts = text.split(separator);
  const [dataId, instanceId, group] = parts;
  return parts.length === 3 && dataId && instanceId && group ? { dataId, instanceId, group } : undefined;
}
