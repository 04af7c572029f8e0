// Two browsers, one policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, prove, signIn } from "./harness/browser.js";
import { button, field, fill, update } from "./harness/form.js";
import { administrators } from "./harness/school.js";
import { ask } from "./harness/program.js";

test("whoever saves second is told, sees both, and loses nothing", async () => {
  await administrators();
  const portal = await open();
  const first = await signIn(await portal.visitor(), "Nadia Haddad");
  const second = await signIn(await portal.visitor(), "Olivia Brandt");
  const form = "/network-policies/mosyle-devices-to-vlan-20/edit";
  await first.goto(form);
  await second.goto(form);

  await fill(first, "Display Description", "Written by the first");
  await update(first);

  await fill(second, "Display Description", "Written by the second");
  await button(second, "Show what changes").click();
  await second.waitForLoadState();
  const save = second.getByRole("button", { name: "Save this change" });
  if (await save.isVisible()) await save.click();
  await second.getByRole("alert").filter({ hasText: "Somebody else changed this" }).waitFor();
  const page = await second.locator("main").innerText();
  assert.match(page, /Written by the first/);
  assert.equal(await (await field(second, "Display Description")).inputValue(), "Written by the second");

  await update(second);
  await prove(second);
  const shown = await ask("network-policy", "show", "mosyle-devices-to-vlan-20");
  assert.match(JSON.stringify(shown), /Written by the second/);
  await portal.close();
});
