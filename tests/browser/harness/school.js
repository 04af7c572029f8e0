// An organization with people, devices and a morning behind it: who came in, who did not, and why.
import { createSocket } from "node:dgram";
import { ask, command, enroll, file, join_network, place, written } from "./program.js";
import { PASSWORD } from "./browser.js";

export const SHARED_SECRET = "a-long-shared-secret-for-the-lab";

// The administrators, each with a role.
export const ADMINISTRATORS = [
  ["Olivia Brandt", "owner"],
  ["Pavel Novak", "pki-operator"],
  ["Nadia Haddad", "network-operator"],
  ["Henry Okafor", "helpdesk"],
  ["Aiko Tanaka", "auditor"],
];

export const OWNER = ADMINISTRATORS[0][0];

const PEOPLE = [
  ["Clara Whitfield", "clara.whitfield@example.test", "teachers"],
  ["Jonas Lindqvist", "jonas.lindqvist@example.test", "teachers"],
  ["Amara Nwosu", "amara.nwosu@example.test", "pupils"],
];

const DEVICES = [
  ["clara-macbook", "C02CLARA001", "02-AA-00-00-00-01", "Clara Whitfield", "MacBook Air"],
  ["jonas-macbook", "C02JONAS002", "02-AA-00-00-00-02", "Jonas Lindqvist", "MacBook Pro"],
  ["amara-ipad", "DMPAMARA003", "02-AA-00-00-00-03", "Amara Nwosu", "iPad"],
  ["library-ipad", "DMPLIBRA004", "02-AA-00-00-00-04", "", "iPad"],
];

// Makes the administrators.
export async function administrators() {
  const password = written("password", `${PASSWORD}\n`);
  for (const [name, role] of ADMINISTRATORS) {
    const email = `${name.toLowerCase().replace(" ", ".")}@example.test`;
    await ask("administrator", "add", name, "--role", role, "--email", email);
    await command("administrator", "password", name, "--password-file", password, "--data", place.data);
  }
}

// A packet from an address that is no access point.
export function knock(bytes = 20) {
  const [host, port] = place.radius.split(":");
  const packet = Buffer.alloc(bytes);
  packet.writeUInt8(1, 0);
  packet.writeUInt16BE(bytes, 2);
  return new Promise((done, failed) => {
    const socket = createSocket("udp4");
    socket.on("error", failed);
    socket.bind(0, "127.0.0.2", () =>
      socket.send(packet, Number(port), host, (error) => {
        socket.close();
        return error ? failed(error) : done();
      }));
  });
}

// Plays the morning.
export async function morning(secret) {
  for (const [name, email, group] of PEOPLE) {
    await ask("person", "add", name, "--email", email, "--group", group);
  }
  for (const [name, serial, mac, owner, model] of DEVICES) {
    const whose = owner === "" ? [] : ["--owner", owner];
    const what = ["--serial", serial, "--mac", mac, "--model", model, "--os", "macOS"];
    await ask("device", "add", name, ...what, ...whose);
  }
  const identities = {};
  for (const [name, , mac] of DEVICES) {
    const enrolled = await enroll(name, { gateway: "mosyle", secret });
    if (!enrolled.ok) throw new Error(enrolled.text);
    identities[name] = enrolled.folder;
    const joined = await join_network(enrolled.folder, { secret: SHARED_SECRET, mac });
    if (!joined.ok) throw new Error(joined.text);
  }
  // One with a wrong secret, one whose certificate is revoked, one that is no access point.
  await enroll("visitor-laptop", { gateway: "mosyle", secret: "not-the-secret-at-all" });
  const listed = await ask("certificate", "list", "--limit", "100");
  const lost = listed.items.find((one) => one.device === "library-ipad");
  await ask("certificate", "revoke", lost.serial, "--reason", "keyCompromise");
  const mac = "02-AA-00-00-00-04";
  const refused = await join_network(identities["library-ipad"], { secret: SHARED_SECRET, mac });
  if (refused.ok) throw new Error("a revoked certificate was let in");
  await knock();
  await ask("token", "add", "Inventory of the MDM", "--administrator", OWNER);
  return identities;
}

export { file };
