// What each role sees and may do, with sessions of real people.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fetched, open, signIn } from "./harness/browser.js";
import { ADMINISTRATORS, administrators } from "./harness/school.js";
import { table } from "./harness/pages.js";

test("every role sees the pages, the menu and the buttons that it may, and no more", async () => {
  await administrators();
  const pages = await table();
  const shown = pages.filter((page) => page.method === "GET" && !page.path.includes("{") && page.path !== "/live");
  const portal = await open();
  const seen = {};
  for (const [name, role] of ADMINISTRATORS) {
    const context = await portal.visitor();
    const page = await signIn(context, name);
    const refused = new Set();
    const permissions = new Set();
    for (const { path, permission } of shown) {
      const { status } = await fetched(context, path);
      if (status === 403) refused.add(path);
      else if (permission !== null) permissions.add(permission);
      assert.notEqual(status, 500, path);
    }
    // One permission, one answer, whichever page asks for it.
    for (const { path, permission } of shown) {
      if (permission !== null) assert.equal(refused.has(path), !permissions.has(permission), `${role} ${path}`);
      else assert.ok(!refused.has(path), `${role} ${path}`);
    }
    await page.goto("/account");
    const links = await page.locator("#menu nav a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    assert.ok(links.length > 0, role);
    for (const link of links) assert.ok(!refused.has(link), `the menu of ${role} leads to ${link}`);
    for (const path of links) {
      // No button of a list leads to a page that the role may not see.
      await page.goto(path);
      const adds = await page.locator('main a[href$="/_new"]').evaluateAll((all) => all.map((one) => one.getAttribute("href")));
      for (const add of adds) assert.ok(!refused.has(add), `${role}: ${path} offers ${add}`);
    }
    seen[role] = permissions;
    await context.close();
  }
  const owner = seen.owner;
  for (const role of ["pki-operator", "network-operator", "helpdesk", "auditor"]) {
    assert.ok(seen[role].size < owner.size, `${role} may less than an owner`);
  }
  for (const { permission } of shown) {
    if (permission !== null) assert.ok(owner.has(permission), `an owner may ${permission}`);
  }
  await portal.close();
});
