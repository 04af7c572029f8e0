// The program under test: where it is, and its commands.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const run = promisify(execFile);

// Whoever starts this names the server that runs.
const told = (name) => {
  const value = process.env[`SAFECONDUCT_TEST_${name}`];
  if (value === undefined) throw new Error(`SAFECONDUCT_TEST_${name} is missing; ./dev test sets it`);
  return value;
};

export const place = {
  url: `https://${told("HTTPS")}`,
  http: `http://${told("HTTP")}`,
  radius: told("RADIUS"),
  data: told("DATA"),
  program: told("PROGRAM"),
  setUpCode: process.env.SAFECONDUCT_TEST_SET_UP_CODE,
};

// How long a command may take, in milliseconds; a hundred times what it needs.
const PATIENCE = 60_000;

const scratch = mkdtempSync(join(tmpdir(), "safeconduct-browser-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

export const file = (name) => join(scratch, name);

export const written = (name, text) => {
  writeFileSync(file(name), text);
  return file(name);
};

// Runs a command that needs no organization; what it prints.
export async function command(...words) {
  const { stdout } = await run(place.program, words, { timeout: PATIENCE, maxBuffer: 1 << 26 });
  return stdout;
}

// Runs a command on the organization; its JSON document.
export async function ask(...words) {
  return JSON.parse(await command(...words, "--data", place.data, "--json"));
}

// Runs a command that may be told no.
export async function attempt(...words) {
  try {
    return { ok: true, text: await command(...words) };
  } catch (error) {
    return { ok: false, text: `${error.stdout}${error.stderr}` };
  }
}

// A device asks for a certificate; the folder that holds it.
export async function enroll(name, { gateway, secret, subject = `CN=${name}`, san }) {
  const folder = file(`device-${name.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 40)}`);
  const url = gateway.includes("://") ? gateway : `${place.http}/scep/${gateway}`;
  const words = ["enroll", "--json", "--force", "--url", url, "--subject", subject, "--out", folder];
  words.push("--san", san ?? `dns:${name.toLowerCase()}.example.test`);
  if (secret !== undefined) words.push("--secret", secret);
  return { folder, ...(await attempt(...words)) };
}

// A device joins the network.
export function join_network(folder, { secret, mac = "02-00-00-00-00-01", ssid = "Example-Secure" }) {
  const words = ["authenticate", "--json", "--radius", place.radius, "--secret", secret];
  return attempt(...words, "--identity", folder, "--mac", mac, "--ssid", ssid);
}
