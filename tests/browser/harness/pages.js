// Every page of the portal, each with a URL of something that is there.
import { fetched } from "./browser.js";
import { command } from "./program.js";

// Pages without anything to look at in a browser, or that are no page of their own.
const NOT_SHOWN = new Set(["/favicon.svg", "/live"]);

// Pages to which no link leads in an organization that is complete: steps of the set-up that are
// done, what cannot be removed, and answers to forms that were opened again. Each with its URL here.
const UNLINKED = new Map([
  ["/setup/{name}", "/setup/organization"],
  ["/certificate-authorities/{name}/remove", "/certificate-authorities/example-school-root-ca/remove"],
  ["/server-certificates/{name}/remove", "/server-certificates/radius/remove"],
  ["/policy-workflows/{name}/replay", "/policy-workflows/mosyle-devices/replay"],
  ["/enrollment-policies/{name}/replay", "/enrollment-policies/mosyle-enrollment/replay"],
  ["/network-policies/{name}/replay", "/network-policies/mosyle-devices-to-vlan-20/replay"],
]);

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
  queue.push(...UNLINKED.values());
  for (const path of queue) {
    const of = patterns.find((page) => page.path === path)
      ?? patterns.find((page) => isPattern(page.path) && page.match.test(path));
    if (of === undefined || of.urls.length >= count) continue;
    const { status, kind, text } = await fetched(context, path);
    of.urls.push(path);
    of.isHtml = kind.startsWith("text/html");
    of.status = status;
    if (!of.isHtml) continue;
    for (const [, found] of text.matchAll(/(?:href|hx-get)="(\/[^"#?]*)/g)) {
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
