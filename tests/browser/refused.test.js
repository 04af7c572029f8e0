// A refused device, explained in one click.
import assert from "node:assert/strict";
import { test } from "node:test";
import { menu, open, signIn } from "./harness/browser.js";
import { ask, enroll, join_network } from "./harness/program.js";
import { administrators, SHARED_SECRET } from "./harness/school.js";

test("one click from the list says why a device was refused and what to do", async () => {
  await administrators();
  const secret = process.env.SAFECONDUCT_TEST_SECRET;
  const device = await enroll("loan-mac", { gateway: "mosyle", secret });
  assert.ok(device.ok, device.text);
  await ask("network-policy", "remove", "mosyle-devices-to-vlan-20");
  const joined = await join_network(device.folder, { secret: SHARED_SECRET });
  assert.ok(!joined.ok, "no policy lets it in");

  const portal = await open();
  const context = await portal.visitor();
  const page = await signIn(context, "Henry Okafor");
  await menu(page, "Data and Monitoring", "RADIUS Events");
  const row = page.getByRole("row").filter({ hasText: "refused" }).first();
  await row.waitFor();
  await row.getByRole("link").first().click();
  // The sentence, the code, what to do, and the way to the answer.
  const why = page.getByRole("region", { name: "What happened, and why" });
  await why.or(page.locator("section[aria-labelledby=why]")).first().waitFor();
  const text = await page.locator("section[aria-labelledby=why]").innerText();
  assert.match(text, /POL-NO-MATCH/);
  assert.match(text, /What to do:/);
  assert.match(await page.locator("main").innerText(), /How it was decided/);
  assert.match(await page.locator("main").innerText(), /What would happen now/);
  await portal.close();
});
