import type { ServerAddress } from "./settings.ts";

/** @returns in words what is wrong with it, without any part of it: it may hold a password */
export function readServerAddress(text: string): ServerAddress | string {
  if (!URL.canParse(text)) return "it cannot be read as one";
  const { protocol, username, password, host, pathname, search, hash } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") return "it begins neither with http:// nor with https://";
  if (search !== "" || hash !== "") return "it has a query or a fragment";
  const url = `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;
  if (username === "" && password === "") return { url };
  try {
    return { url, login: { user: decodeURIComponent(username), password: decodeURIComponent(password) } };
  } catch {
    return "its user or password has a % that is no escape; write %25";
  }
}
