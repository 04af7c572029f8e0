// An access point that says what it likes.
import { createHmac, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { place } from "./program.js";

// RFC 2865 and 3579: numbers of attributes.
const [USER_NAME, CALLED, CALLING, NAS_IDENTIFIER, EAP_MESSAGE, PROOF] = [1, 30, 31, 32, 79, 80];

// Most bytes of an attribute.
const VALUE_BYTES_MAX = 253;

const attribute = (number, value) => {
  const bytes = Buffer.from(value).subarray(0, VALUE_BYTES_MAX);
  return Buffer.concat([Buffer.from([number, bytes.length + 2]), bytes]);
};

// Asks for access under names of one's choice; waits for the answer.
export function access_request(secret, { user, called, calling }) {
  const identity = Buffer.from(user).subarray(0, 200);
  const head = Buffer.from([2, 1, 0, identity.length + 5, 1]);
  const attributes = [
    attribute(USER_NAME, user), attribute(CALLED, called), attribute(CALLING, calling),
    attribute(NAS_IDENTIFIER, user), attribute(EAP_MESSAGE, Buffer.concat([head, identity])),
    attribute(PROOF, Buffer.alloc(16)),
  ];
  const body = Buffer.concat(attributes);
  const start = Buffer.alloc(4);
  start.writeUInt8(1, 0);
  start.writeUInt8(7, 1);
  start.writeUInt16BE(20 + body.length, 2);
  const packet = Buffer.concat([start, randomBytes(16), body]);
  createHmac("md5", secret).update(packet).digest().copy(packet, packet.length - 16);
  const [host, port] = place.radius.split(":");
  const socket = createSocket("udp4");
  return new Promise((done, failed) => {
    // A packet that is dropped gets no answer.
    const patience = setTimeout(() => end(done), 2000);
    const end = (then, value) => {
      clearTimeout(patience);
      socket.close();
      then(value);
    };
    socket.on("error", (error) => end(failed, error));
    socket.on("message", (answer) => end(done, answer));
    socket.send(packet, Number(port), host);
  });
}
