// Forms, by the words that people read on them.

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// The control that a label is for.
export async function field(page, label, scope = page.locator("main form.form").first()) {
  // A star says that it is required.
  const words = new RegExp(`^\\s*${escaped(label)}\\s*\\*?\\s*$`);
  const id = await scope.locator("label[for]").filter({ hasText: words }).first().getAttribute("for");
  return scope.locator(`[id="${id}"]`);
}

export const fill = async (page, label, value, scope) => (await field(page, label, scope)).fill(value);

export const choose = async (page, label, option, scope) =>
  (await field(page, label, scope)).selectOption({ label: option });

// A part of a form, by its heading.
export const section = (page, title) =>
  page.locator("#form fieldset.card").filter({ has: page.locator(`legend.card-header:text-is("${title}")`) });

export const button = (page, name) =>
  page.locator("main").getByRole("button", { name, exact: true }).last();

// Sends the form of something that is there, looks at what changes, and saves it.
export async function update(page) {
  await button(page, "Show what changes").click();
  await page.locator("#review").getByRole("button", { name: "Save this change" }).click();
  await page.locator("#review").waitFor({ state: "detached" });
}
