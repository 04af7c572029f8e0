// Every page, light and dark, as axe sees it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, signIn } from "./harness/browser.js";
import { findings } from "./harness/look.js";
import { find, urls } from "./harness/pages.js";
import { administrators, morning, OWNER } from "./harness/school.js";

test("axe finds nothing serious on any page, light and dark", async (looks) => {
  await administrators();
  await morning(process.env.SAFECONDUCT_TEST_SECRET);
  const portal = await open();
  for (const colorScheme of ["light", "dark"]) {
    await looks.test(colorScheme, async () => {
      const context = await portal.visitor({ colorScheme });
      const stranger = await context.newPage();
      await stranger.goto("/sign-in");
      const wrong = (await findings(stranger)).map((one) => `/sign-in: ${one}`);
      const page = await signIn(context, OWNER);
      const patterns = await find(context);
      const missing = patterns.filter((one) => one.urls.length === 0).map((one) => one.path);
      assert.deepEqual(missing, [], "pages to which no link leads");
      for (const url of urls(patterns)) {
        await page.goto(url);
        for (const one of await findings(page)) wrong.push(`${url}: ${one}`);
      }
      assert.deepEqual(wrong, []);
    });
  }
  await portal.close();
});
