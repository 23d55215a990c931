/** The label selectors of the API, but for sets (`in`, `notin`). */
export function labelSelector(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const requirements = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, not, key = "", operator, value] = /^(!?)([^=!]+)(?:(==?|!=)(.*))?$/.exec(part) ?? [];
      return (labels: Readonly<Record<string, string>>): boolean => {
        if (operator === undefined) return (labels[key] !== undefined) === (not === "");
        return (labels[key] === value) === (operator !== "!=");
      };
    });
  return (labels) => requirements.every((holds) => holds(labels));
}
