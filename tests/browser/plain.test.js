// Without JavaScript everything can be read, and what is simple can be done.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, signIn } from "./harness/browser.js";
import { button, fill } from "./harness/form.js";
import { find, urls } from "./harness/pages.js";
import { administrators, morning, OWNER } from "./harness/school.js";

test("with JavaScript off one signs in, reads every page and saves a form", async () => {
  await administrators();
  await morning(process.env.SAFECONDUCT_TEST_SECRET);
  const portal = await open();
  const context = await portal.visitor({ javaScriptEnabled: false });
  const page = await signIn(context, OWNER);
  const all = urls(await find(context));
  assert.ok(all.length > 40, `${all.length} pages`);
  for (const url of all) {
    await page.goto(url);
    const heading = page.locator("h1");
    assert.equal(await heading.count(), 1, url);
    assert.ok((await page.locator("main").innerText()).length > 10, url);
  }

  await page.goto("/people/_new");
  await fill(page, "Name", "Written Without Script");
  await button(page, "Save").click();
  await page.waitForURL((url) => !url.pathname.endsWith("_new"));
  await page.goto("/people?search=Written");
  await page.getByRole("link", { name: "Written Without Script" }).waitFor();
  await page.getByLabel("Look").selectOption("dark");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  assert.equal(await page.locator("html").getAttribute("data-bs-theme"), "dark");
  await portal.close();
});
