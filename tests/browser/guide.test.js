// The guide, line by line, by the names that it gives to menus, buttons and fields.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { heading, menu, open, prove, signIn } from "./harness/browser.js";
import { button, choose, field, fill, section, update } from "./harness/form.js";
import { administrators, OWNER, SHARED_SECRET } from "./harness/school.js";
import { enroll, join_network } from "./harness/program.js";

const save = async (page) => {
  await button(page, "Save").click();
  await prove(page);
  await page.waitForURL((url) => !url.pathname.endsWith("/_new"));
};

test("the guide can be walked line by line", async (walk) => {
  await administrators();
  const portal = await open();
  const context = await portal.visitor();
  const page = await signIn(context, OWNER);
  let url;
  let secret;

  await walk.test("an intermediate CA", async () => {
    await menu(page, "Dynamic PKI", "Certificate Authorities");
    await page.getByRole("link", { name: "Add Certificate Authority" }).first().click();
    await choose(page, "Generate CA For", "Device and User Authentication");
    await choose(page, "Type", "Intermediate CA");
    await choose(page, "Certificate Authority", "Example School Root CA");
    await fill(page, "Common Name", "Walked SCEP CA");
    await choose(page, "Key Size", "RSA 2048");
    await choose(page, "Signature Algorithm", "SHA-256");
    await fill(page, "Validity Period (in years)", "10");
    await save(page);
    assert.equal(await heading(page), "Walked SCEP CA");
  });

  await walk.test("a certificate template", async () => {
    await menu(page, "Dynamic PKI", "Certificate Authorities");
    await page.getByRole("link", { name: "Add Certificate Template" }).first().click();
    await fill(page, "Name", "Walked template");
    await fill(page, "Subject", "CN=${/device/clientId}");
    await fill(page, "Display Description", "Macs and iPads of the walk");
    await fill(page, "Validity Period (in days)", "365");
    await choose(page, "Signature Algorithm", "SHA-256");
    await fill(page, "DNS", "${/device/identity}", section(page, "SAN"));
    await page.getByRole("checkbox", { name: "Client Authentication", exact: true }).check();
    await save(page);
    assert.equal(await heading(page), "Walked template");
  });

  await walk.test("an API gateway, whose secret is shown once", async () => {
    await menu(page, "Integrations Hub", "Device Management Platforms");
    await page.getByRole("link", { name: "Add API Gateway" }).first().click();
    await fill(page, "Name", "Walked gateway");
    await fill(page, "Description", "SCEP of the walk");
    await choose(page, "Type", "SCEP Enrollment Token");
    await choose(page, "Vendor", "Other");
    await fill(page, "Vendor Name", "Mosyle");
    await choose(page, "Certificate Authority", "Walked SCEP CA");
    const download = page.waitForEvent("download");
    await button(page, "Save").click();
    await prove(page);
    await page.getByRole("heading", { name: "The gateway is ready" }).waitFor();
    await page.getByText("Enrollment URL", { exact: true }).waitFor();
    await page.locator("#download, a[download]").first().click();
    const csv = readFileSync(await (await download).path(), "utf8");
    [, url, secret] = csv.trim().split(/\r?\n/)[1].split(",");
    assert.ok(await page.getByText(url, { exact: true }).isVisible());
    // It is downloaded only this once.
    await menu(page, "Integrations Hub", "Device Management Platforms");
    await page.getByRole("link", { name: "Walked gateway" }).first().click();
    assert.ok(!(await page.content()).includes(secret));
    assert.ok((await page.content()).includes(url));
  });

  await walk.test("a policy workflow", async () => {
    await menu(page, "Policy Management", "Policy Workflows");
    await page.getByRole("link", { name: "Add Policy Workflow" }).first().click();
    await fill(page, "Name", "Walked devices");
    await fill(page, "Display Description", "Everything of the walk");
    await save(page);
    // The page refreshes, and the Conditions are there.
    const provider = page.getByRole("group", { name: "Identity Provider" });
    await provider.getByRole("checkbox", { name: "Walked gateway" }).check();
    await update(page);
  });

  await walk.test("an enrollment policy", async () => {
    await menu(page, "Policy Management", "Enrollment");
    await page.getByRole("link", { name: "Add Enrollment Policy" }).first().click();
    await fill(page, "Name", "Walked enrollment");
    await fill(page, "Display Description", "Devices of the walk get its template");
    await save(page);
    await choose(page, "Match", "Match All");
    await add_role(page, "Walked devices");
    await choose(page, "Use Certificate Authority", "Walked SCEP CA");
    await choose(page, "Use Certificate Template", "Walked template");
    await update(page);
  });

  await walk.test("a network policy", async () => {
    await menu(page, "Policy Management", "Network");
    await page.getByRole("link", { name: "Add Network Policy" }).first().click();
    await fill(page, "Name", "Walked network");
    await fill(page, "Display Description", "Devices of the walk");
    await save(page);
    await choose(page, "Match", "Match All");
    await add_role(page, "Walked devices");
    const settings = section(page, "Settings");
    await choose(page, "Access", "accept", settings);
    await button(page, "Add Attribute").click();
    const attribute = page.locator("fieldset.rule").filter({ hasText: "Dictionary" }).last();
    await choose(page, "Dictionary", "RADIUS:IETF", attribute);
    await page.waitForLoadState("networkidle");
    await choose(page, "Attribute", "Filter-Id", attribute);
    await page.waitForLoadState("networkidle");
    await fill(page, "Value", "walked", attribute);
    await update(page);
  });

  await walk.test("certificates to be trusted are downloaded", async () => {
    await menu(page, "Dynamic PKI", "Certificate Authorities");
    for (const name of ["Example School Root CA", "Walked SCEP CA"]) {
      const row = page.getByRole("row").filter({ hasText: name }).first();
      const download = page.waitForEvent("download");
      await row.getByRole("link", { name: "Download" }).click();
      const text = readFileSync(await (await download).path());
      assert.ok(text.length > 300, name);
    }
  });

  await walk.test("the certificates of a network profile", async () => {
    await menu(page, "Device Onboarding", "Network Profiles");
    await page.getByRole("link", { name: "Example-Secure" }).first().click();
    await page.getByRole("link", { name: "Add/Remove Certificate" }).click();
    for (const name of [/DigiCert Global Root G2 \(/, /DigiCert Global Root G3 \(/]) {
      await page.getByRole("checkbox", { name }).check();
    }
    await button(page, "Update").click();
    const listed = page.locator("#certificates");
    await listed.getByText("DigiCert Global Root G3").waitFor();
    const download = page.waitForEvent("download");
    await listed.getByRole("link", { name: "Download" }).click();
    const bundle = readFileSync(await (await download).path(), "utf8");
    assert.equal(bundle.match(/BEGIN CERTIFICATE/g).length, 3);
  });

  await walk.test("a device of the walk comes in", async () => {
    const slug = url.split("/").pop();
    const device = await enroll("walked-mac", { gateway: slug, secret });
    assert.ok(device.ok, device.text);
    const joined = await join_network(device.folder, { secret: SHARED_SECRET });
    assert.ok(joined.ok, joined.text);
    await menu(page, "Data and Monitoring", "RADIUS Events");
    await page.getByRole("cell", { name: "accepted" }).first().waitFor();
  });

  await portal.close();
});

// Add rule > Identity > Role, and one role of those that there are.
async function add_role(page, role) {
  await button(page, "Add rule").click();
  const rule = page.locator("fieldset.rule").first();
  const choice = await field(page, "What it looks at", rule);
  const value = await choice.locator('option[value="identity.role"]').getAttribute("value");
  await choice.selectOption(value);
  await page.waitForLoadState("networkidle");
  const operator = await field(page, "How it compares", rule);
  await operator.selectOption("is-one-of");
  await page.waitForLoadState("networkidle");
  await rule.getByRole("checkbox", { name: role }).check();
}
