// Pictures of every page: desktop and phone, light and dark; and the few of the handbook.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open, signIn } from "./harness/browser.js";
import { find, urls } from "./harness/pages.js";
import { administrators, morning, OWNER } from "./harness/school.js";

const [folder, handbook] = process.argv.slice(2);

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

// What the handbook shows: a name, and the page.
const HANDBOOK = {
  overview: "/",
  "network-profile": "/network-profiles/example-secure",
  "network-profile-certificates": "/network-profiles/example-secure/certificates",
  "network-profile-render": "/network-profiles/example-secure/render",
  "network-profile-check": "/network-profiles/_inspect",
  "certificate-authorities": "/certificate-authorities",
  certificates: "/certificates",
  gateway: "/gateways/mosyle",
  "policy-workflow": "/policy-workflows/mosyle-devices/edit",
  "network-policy": "/network-policies/mosyle-devices-to-vlan-20/edit",
  "access-points": "/access-points",
  "server-certificate": "/server-certificates/radius",
  "server-certificate-coverage": "/server-certificates/radius/coverage",
  events: "/radius-events",
  why: "/radius-events?filter=outcome%3Arefused%20kind%3Anetwork.access",
  device: "/devices?search=clara",
  settings: "/settings",
  administrators: "/administrators",
  audit: "/audit",
  "set-up": "/setup",
  "first-device": "/setup/_device",
  "sign-in": "/sign-in",
};

// Pictures of the first row's page of a list.
const FIRST_ROW = new Set(["why", "device"]);

const named = (url) => url.replace(/^\//, "").replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 80) || "overview";

await administrators();
await morning(process.env.SAFECONDUCT_TEST_SECRET);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
mkdirSync(handbook, { recursive: true });
const portal = await open();
let count = 0;
const wide = [];
for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const context = await portal.visitor({ colorScheme, viewport });
    const stranger = await context.newPage();
    await stranger.goto("/sign-in");
    await stranger.screenshot({ path: join(folder, `sign-in.${size}.${colorScheme}.png`), fullPage: true });
    const page = await signIn(context, OWNER);
    const patterns = await find(context);
    const pages = urls(patterns);
    for (const url of pages) {
      await page.goto(url);
      await page.screenshot({ path: join(folder, `${named(url)}.${size}.${colorScheme}.png`), fullPage: true });
      count += 1;
      // A page that is wider than its window is cut off.
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) wide.push(`${url} (${size}): ${over} pixels too wide`);
    }
    if (size === "desktop" && colorScheme === "light") {
      for (const [name, url] of Object.entries(HANDBOOK)) {
        const one = name === "sign-in" ? stranger : page;
        await one.goto(url);
        if (FIRST_ROW.has(name)) {
          await one.locator("#rows tbody a").first().click();
          await one.waitForURL((at) => !at.search);
        }
        await one.screenshot({ path: join(handbook, `${name}.png`) });
      }
    }
    await context.close();
  }
}
console.log(`${count} pictures in ${folder}`);
for (const one of new Set(wide)) console.log(one);
await portal.close();
