// Signing in: what is wrong is told, slowed and never locked; what is over is over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fillSignIn, heading, open, PASSWORD, signIn } from "./harness/browser.js";
import { button, fill } from "./harness/form.js";
import { administrators, OWNER } from "./harness/school.js";

test("a session begins with the password and ends with it", async () => {
  await administrators();
  const portal = await open();
  const context = await portal.visitor();
  const page = await context.newPage();

  // Whoever is not known is led to the door, and from there to where they wanted to go.
  await page.goto("/gateways");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await fillSignIn(page, OWNER, "not the password at all");
  assert.match(await page.getByRole("alert").innerText(), /password/i);
  await fillSignIn(page, OWNER, PASSWORD);
  await page.waitForURL("**/gateways");

  const cookies = await context.cookies();
  const session = cookies.find((cookie) => cookie.name === "__Host-session");
  assert.ok(session.httpOnly && session.secure && session.path === "/", JSON.stringify(session));
  assert.equal(await page.evaluate(() => document.cookie), "");

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in*");
  // The cookie of before opens nothing any more.
  await context.addCookies([session]);
  await page.goto("/gateways");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await portal.close();
});

test("guessing is slowed, and locks nobody out for good", async () => {
  const portal = await open();
  const context = await portal.visitor();
  const page = await context.newPage();
  await page.goto("/sign-in");
  let told = "";
  for (let guess = 0; guess < 8 && !/second/i.test(told); guess += 1) {
    await fillSignIn(page, "Aiko Tanaka", `guess number ${guess}`);
    told = await page.getByRole("alert").innerText();
  }
  assert.match(told, /second/i, "after some guesses one is told to wait");
  // Waiting is all that it takes: the page says how long.
  await test_until(async () => {
    await fillSignIn(page, "Aiko Tanaka", PASSWORD);
    await page.waitForLoadState();
    return new URL(page.url()).pathname !== "/sign-in";
  });
  await portal.close();
});

test("what cannot be taken back does not ask for a password that was just given", async () => {
  const portal = await open();
  const context = await portal.visitor();
  const page = await signIn(context, OWNER);
  await page.goto("/administrators/_new");
  assert.ok(await heading(page));
  // Signing in just now was proof enough; ten minutes later it is not, which the tests of the verbs
  // turn the clock for. Here the page itself is asked for without its cookie's freshness.
  await fill(page, "Name", "Temporary Person");
  await button(page, "Save").click();
  await page.waitForLoadState();
  assert.equal(await page.locator("#proof-password").count(), 0);
  await portal.close();
});

// Tries until it is so.
async function test_until(ask) {
  for (let attempt = 0; attempt < 600; attempt += 1) if (await ask()) return;
  assert.fail("it never came to pass");
}
