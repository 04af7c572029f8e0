// Every page of the portal, each with a URL of something that is there.
import { command } from "./program.js";

// Pages without anything to look at in a browser, or that are no page of their own.
const NOT_SHOWN = new Set(["/favicon.svg", "/live"]);

// The table of pages, as the program prints it.
export const table = async () => JSON.parse(await command("handbook-pages"));

const isPattern = (path) => path.includes("{");

// What a pattern matches: names of ours begin with no underscore.
const expression = (path) =>
  new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/_?#][^/?#]*")}$`);

// Follows links from page to page until every pattern has `count` URLs, or nothing is left to
// follow. With the cookies of this window.
export async function find(context, count = 1) {
  const shown = (await table()).filter((page) => page.method === "GET" && !NOT_SHOWN.has(page.path));
  const patterns = shown.map((page) => ({ ...page, match: expression(page.path), urls: [] }));
  const fixed = new Set(shown.map((page) => page.path));
  const seen = new Set();
  const queue = shown.filter((page) => !isPattern(page.path)).map((page) => page.path);
  for (const path of queue) {
    const of = patterns.find((page) => page.path === path)
      ?? patterns.find((page) => isPattern(page.path) && page.match.test(path));
    if (of === undefined || of.urls.length >= count) continue;
    const response = await context.request.get(path, { maxRedirects: 0 });
    const kind = response.headers()["content-type"] ?? "";
    of.urls.push(path);
    of.isHtml = kind.startsWith("text/html");
    of.status = response.status();
    if (!of.isHtml) continue;
    for (const [, found] of (await response.text()).matchAll(/(?:href|hx-get)="(\/[^"#?]*)/g)) {
      if (seen.has(found) || fixed.has(found)) continue;
      seen.add(found);
      queue.push(found);
    }
  }
  return patterns;
}

// The URLs of those that a browser shows.
export const urls = (patterns) =>
  patterns.filter((page) => page.isHtml && page.status < 300).flatMap((page) => page.urls);
