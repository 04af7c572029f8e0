// A real browser before the portal, which writes down whatever a page should not do.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { get } from "node:https";
import { connect } from "node:tls";
import { chromium } from "playwright-core";
import { place } from "./program.js";

// Every administrator of these tests has it.
export const PASSWORD = "violet kettles hum before nine";

// How long a page may take, in milliseconds; machines that test much are slow.
const PATIENCE = Number(process.env.SAFECONDUCT_TEST_PATIENCE ?? 30_000);

// The certificate is the program's own. The browser knows it by the digest of its key, and no other.
function keyOfServer() {
  const { hostname, port } = new URL(place.url);
  return new Promise((found, failed) => {
    const socket = connect({ host: hostname, port, rejectUnauthorized: false }, () => {
      const key = socket.getPeerX509Certificate().publicKey;
      socket.end();
      const der = key.export({ type: "spki", format: "der" });
      found(createHash("sha256").update(der).digest("base64"));
    });
    socket.on("error", failed);
  });
}

export async function open() {
  const args = [`--ignore-certificate-errors-spki-list=${await keyOfServer()}`];
  const executablePath = process.env.SAFECONDUCT_TEST_CHROMIUM ?? "/usr/bin/chromium";
  // A sandbox cannot be made by root.
  const chromiumSandbox = process.getuid() !== 0;
  const browser = await chromium.launch({ executablePath, args, chromiumSandbox });
  const faults = [];
  const visitors = [];
  return {
    faults,
    // Somebody's window, with cookies of its own.
    async visitor(options = {}) {
      const context = await browser.newContext({
        baseURL: place.url,
        locale: "en-GB",
        timezoneId: "Europe/Berlin",
        viewport: { width: 1280, height: 900 },
        ...options,
      });
      context.setDefaultTimeout(PATIENCE);
      await watch(context, faults);
      visitors.push(context);
      return context;
    },
    // Ends it, and says whether a page did what none may do.
    async close() {
      await Promise.all(visitors.map((context) => context.close()));
      await browser.close();
      assert.deepEqual(faults, []);
    },
  };
}

// Dialogs, violations of the policy for contents, errors of scripts, answers that are faults, and a
// mark that hostile names try to leave.
async function watch(context, faults) {
  const note = (page, what) => faults.push(`${page.url()}: ${what}`);
  await context.exposeBinding("noteViolation", ({ page }, what) => note(page, `CSP: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      window.noteViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  context.on("request", (request) => {
    if (request.url().endsWith("/csp-report")) faults.push(`${request.url()}: ${request.postData()}`);
    if (!request.url().startsWith(place.url) && !request.url().startsWith("data:")) {
      faults.push(`a page asked others: ${request.url()}`);
    }
  });
  context.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.url()}: status ${response.status()}`);
  });
  context.on("page", (page) => {
    page.on("dialog", (dialog) => {
      note(page, `a dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    page.on("pageerror", (error) => note(page, `an error: ${error.message}`));
  });
}

// What is at a path for whoever has the cookies of this window, asked without a page.
export async function fetched(context, path) {
  const cookies = await context.cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  // Whose certificate it is was looked at when the browser was opened.
  const options = { headers: { cookie }, rejectUnauthorized: false };
  return new Promise((answer, failed) => {
    get(place.url + path, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", failed);
      response.on("end", () => answer({
        status: response.statusCode,
        kind: response.headers["content-type"] ?? "",
        text: Buffer.concat(parts).toString(),
      }));
    }).on("error", failed);
  });
}

// Signs in; the page that comes then.
export async function signIn(context, name, password = PASSWORD) {
  const page = await context.newPage();
  await page.goto("/sign-in");
  await fillSignIn(page, name, password);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

export async function fillSignIn(page, name, password) {
  await page.getByLabel("Name or e-mail address").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.locator("main").getByRole("button", { name: "Sign in" }).click();
}

// Gives the password once more where the page asks for it.
export async function prove(page, password = PASSWORD) {
  const box = page.locator("#proof-password");
  if (await box.isVisible()) {
    await box.fill(password);
    await page.getByRole("button", { name: "Go on" }).click();
    await box.waitFor({ state: "detached" });
  }
}

// Follows the menu.
export async function menu(page, group, item) {
  const list = page.getByRole("list", { name: group });
  await list.getByRole("link", { name: item, exact: true }).click();
  await page.waitForLoadState();
}

// What stands alone at the top.
export const heading = (page) => page.locator("h1").innerText();
