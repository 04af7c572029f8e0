// How fast every page is, what one costs the first time, and what a live page costs while it is open.
// Prints one JSON document.
import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { open, signIn } from "./harness/browser.js";
import { find, urls } from "./harness/pages.js";
import { command, place, written } from "./harness/program.js";
import { PASSWORD } from "./harness/browser.js";

// How often a page is looked at, after once that does not count.
const VISITS = 5;

// Who keeps live pages open, and how many each.
const READERS = Number(process.env.SAFECONDUCT_TEST_READERS ?? 30);
const PAGES_EACH = 15;

const server = Number(process.env.SAFECONDUCT_TEST_PID);

const middle = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rounded = (number) => Math.round(number * 10) / 10;

// Memory of the server, in kB.
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server}/status`, "utf8"))[1]);

const reader = (number) => `Reader ${number}`;

async function addReaders() {
  const password = written("password", `${PASSWORD}\n`);
  for (let number = 0; number < READERS; number += 1) {
    const data = ["--data", place.data];
    const role = number === 0 ? "owner" : "auditor";
    await command("administrator", "add", reader(number), "--role", role, ...data);
    await command("administrator", "password", reader(number), "--password-file", password, ...data);
  }
}

// From asking to the first byte, and until everything is there, in milliseconds.
async function visit(page, url) {
  await page.goto(url, { waitUntil: "load" });
  return page.evaluate(() => {
    const [one] = performance.getEntriesByType("navigation");
    return [one.responseStart - one.requestStart, one.loadEventEnd - one.startTime];
  });
}

async function pages(portal) {
  const context = await portal.visitor();
  const page = await signIn(context, reader(0));
  const measured = [];
  for (const { path, urls: [url] } of (await find(context)).filter((one) => urls([one]).length > 0)) {
    await visit(page, url);
    const seen = [];
    for (let round = 0; round < VISITS; round += 1) seen.push(await visit(page, url));
    const first = seen.map(([byte]) => byte);
    const whole = seen.map(([, load]) => load);
    measured.push({
      page: path,
      first_byte: rounded(middle(first)),
      first_byte_worst: rounded(Math.max(...first)),
      load: rounded(middle(whole)),
      load_worst: rounded(Math.max(...whole)),
    });
  }
  await context.close();
  return measured;
}

// What a browser that was never here loads to show the overview.
async function firstVisit(portal) {
  const context = await portal.visitor();
  const page = await signIn(context, reader(0));
  await page.goto("/", { waitUntil: "load" });
  const bytes = await page.evaluate(() =>
    performance.getEntriesByType("resource").reduce((sum, one) => sum + one.encodedBodySize, 0));
  await context.close();
  return bytes;
}

// A stream of events stays open; answers when it has begun.
function listen(cookie) {
  const options = { headers: { cookie }, rejectUnauthorized: false, agent: new Agent({ keepAlive: true }) };
  return new Promise((begun, failed) => {
    const request = get(`${place.url}/live`, options, (response) => {
      if (response.statusCode !== 200) failed(new Error(`/live: status ${response.statusCode}`));
      response.once("data", () => begun(request));
    });
    request.on("error", failed);
  });
}

async function livePages(portal) {
  const cookies = [];
  for (let number = 0; number < READERS; number += 1) {
    const context = await portal.visitor();
    await signIn(context, reader(number));
    const all = await context.cookies();
    cookies.push(all.map(({ name, value }) => `${name}=${value}`).join("; "));
    await context.close();
  }
  const before = memory();
  const streams = [];
  for (const cookie of cookies) {
    for (let number = 0; number < PAGES_EACH; number += 1) streams.push(await listen(cookie));
  }
  const after = memory();
  for (const stream of streams) stream.on("error", () => {}).destroy();
  return { count: streams.length, kilobytes_each: rounded((after - before) / streams.length) };
}

await addReaders();
const portal = await open();
// First, before pages have made the server take memory that it would use again.
const live = await livePages(portal);
const result = {
  pages: await pages(portal),
  first_visit_bytes: await firstVisit(portal),
  live,
  memory_kilobytes: memory(),
};
console.log(JSON.stringify(result, null, 1));
await portal.close();
