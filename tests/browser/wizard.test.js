// The first run: from an empty portal to the first device on the network.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { heading, open, PASSWORD, prove } from "./harness/browser.js";
import { button, choose, fill } from "./harness/form.js";
import { enroll, join_network, place } from "./harness/program.js";

const SHARED_SECRET = "a-shared-secret-for-the-wizard";

test("an empty portal leads to the first device that is let in", async () => {
  const portal = await open();
  const context = await portal.visitor();
  const page = await context.newPage();

  await page.goto("/setup");
  await fill(page, "Set-up code", "AAAA-AAAA-AAAA");
  await fill(page, "Your name", "Olivia Brandt");
  await fill(page, "New password", PASSWORD);
  await fill(page, "The same again", PASSWORD);
  await button(page, "Make the owner").click();
  assert.ok(await page.getByRole("alert").first().innerText(), "a wrong code is told");
  await fill(page, "Set-up code", place.setUpCode);
  await fill(page, "New password", PASSWORD);
  await fill(page, "The same again", PASSWORD);
  await button(page, "Make the owner").click();
  await page.waitForURL("**/setup");
  assert.equal(await heading(page), "Set-up");

  const go_on = async () => {
    await button(page, "Save and go on").click();
    await prove(page);
    await page.waitForLoadState();
  };
  const step = async (title, values) => {
    if (await page.locator("h1").filter({ hasText: title }).count() === 0) {
      await page.goto("/setup");
      // It says what is next, and leads there.
      assert.match(await page.locator("[aria-current=step]").innerText(), new RegExp(title));
      await page.getByRole("link", { name: "Go on" }).click();
    }
    for (const [label, value] of Object.entries(values)) await fill(page, label, value);
    await go_on();
  };
  await step("Organization", { Name: "Example School", "Address for devices": place.http });
  await step("Root CA and SCEP CA", {});
  await step("Server Certificate", { "Name of the RADIUS server": "radius.example.test" });
  await step("Certificate Template", {});

  const download = page.waitForEvent("download");
  await step("API Gateway", { Name: "Mosyle" });
  await button_or_link(page, "Download the .csv file").click();
  const csv = readFileSync(await (await download).path(), "utf8");
  const [, row] = csv.trim().split(/\r?\n/);
  const [, url, secret] = row.split(",");
  assert.ok(url.startsWith(place.http), url);
  await page.getByRole("link", { name: "I have kept it, go on" }).click();

  await step("Policy Workflow", {});
  await step("Enrollment Policy", {});
  // It can be left and taken up again: what is done is done.
  await page.goto("/setup");
  await step("Network Policy", { VLAN: "20" });
  await step("Network Profile", { "Name of the network (SSID)": "Example-Secure" });
  await step("Access Point", {
    Name: "Loopback",
    "Address or network that it comes from": "127.0.0.1",
    "Shared secret": SHARED_SECRET,
  });

  await page.goto("/setup/_device");
  await page.locator("#waiting").waitFor();
  const device = await enroll("first-mac", { gateway: url, secret });
  assert.ok(device.ok, device.text);
  const joined = await join_network(device.folder, { secret: SHARED_SECRET });
  assert.ok(joined.ok, joined.text);
  // The page turns green by itself.
  await page.locator("#joined").waitFor();
  assert.match(await page.locator("#joined").innerText(), /on the network/);
  await portal.close();
});

const button_or_link = (page, name) => page.locator("main").getByRole("link", { name });
