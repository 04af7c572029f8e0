// Names of hostile people in every list and on every page: they are shown, and do nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, signIn } from "./harness/browser.js";
import { CANARY, NAMES } from "./harness/hostile.js";
import { find, urls } from "./harness/pages.js";
import { attempt, enroll, join_network, place } from "./harness/program.js";
import { administrators, morning, OWNER, SHARED_SECRET } from "./harness/school.js";
import { access_request } from "./harness/radius.js";

// How many pages of each kind are looked at: enough for one of each name.
const PAGES_OF_A_KIND = 12;

test("no name from a request, a packet or the inventory runs a script", async () => {
  await administrators();
  const secret = process.env.SAFECONDUCT_TEST_SECRET;
  await morning(secret);
  const words = ["--data", place.data, "--json"];
  let kept = 0;
  for (const [kind, name] of Object.entries(NAMES)) {
    // Whether it is taken or refused, it is told of somewhere.
    const asked = await enroll(`hostile-${kind}`, {
      gateway: "mosyle", secret, subject: `CN=${name.replace(/([,+"\\<>;=#])/g, "\\$1")}`, san: `dns:${kind}.example.test`,
    });
    if (asked.ok) await join_network(asked.folder, { secret: SHARED_SECRET });
    for (const made of [
      await attempt("person", "add", name, "--group", name, ...words),
      await attempt("device", "add", name, "--serial", name, "--model", name, "--tag", name, ...words),
      await attempt("device", "add", `device ${kind}`, "--model", name, "--os", name, ...words),
      await attempt("person", "add", `person ${kind}`, "--upn", name, "--group", name, ...words),
      await attempt("access-point", "add", name, "--set", "address=192.0.2.1", ...words),
    ]) if (made.ok) kept += 1;
    await access_request(SHARED_SECRET, { user: name, called: name, calling: name });
  }
  assert.ok(kept >= 8, `the inventory keeps names: ${kept}`);

  const portal = await open();
  const context = await portal.visitor();
  const page = await signIn(context, OWNER);
  const all = urls(await find(context, PAGES_OF_A_KIND));
  assert.ok(all.length > 60, `${all.length} pages`);
  let shown = 0;
  const look = async (url) => {
    await page.goto(url);
    assert.equal(await page.evaluate((name) => window[name], CANARY), undefined, url);
    assert.match(await page.title(), / · Example School$/, url);
    assert.equal(await page.locator("main script, main img, main [onerror], main [onmouseover]").count(), 0, url);
    const links = await page.locator("a[href]").evaluateAll((every) => every.map((one) => one.href));
    assert.ok(links.every((link) => !link.toLowerCase().startsWith("javascript:")), url);
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /[\u202A-\u202E\u2066-\u2069\u001b\u0007]/, url);
    if (text.includes(CANARY)) shown += 1;
  };
  for (const url of all) await look(url);
  for (const name of Object.values(NAMES)) {
    const asked = encodeURIComponent(name.slice(0, 900));
    await look(`/search?text=${asked}`);
    await look(`/devices?search=${asked}`);
    await look(`/events?filter=${asked}`);
  }
  assert.ok(shown > 5, `the names are shown on ${shown} pages`);
  await portal.close();
});
