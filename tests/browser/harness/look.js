// What axe finds wrong with a page.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

// Findings that keep people from using a page; each with where it is.
export async function findings(page) {
  // Evaluated by the browser's own tool, so that the page's policy need not allow it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => {
      const where = one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary})`);
      return `${one.id}: ${one.help}: ${where.join("; ")}`;
    });
}
