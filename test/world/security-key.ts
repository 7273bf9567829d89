import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/*
 * A security key in software: an sk-ssh-ed25519 key that signs as the hardware would (OpenSSH PROTOCOL.u2f): over the
 * hash of the application, flags, counter and the hash of the message. For tests, where no hardware is at hand.
 */

export interface SecurityKey {
  readonly publicLine: string;
  readonly blob: Buffer;
  readonly privateKey: KeyObject;
}

const TYPE = "sk-ssh-ed25519@openssh.com";
const APPLICATION = "ssh:";
const USER_PRESENT = 1;

const field = (bytes: Buffer | string): Buffer => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};
const sha256 = (data: Buffer | string): Buffer => createHash("sha256").update(data).digest();

export function makeSecurityKey(comment: string): SecurityKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([field(TYPE), field(raw), field(APPLICATION)]);
  return { publicLine: `${TYPE} ${blob.toString("base64")} ${comment}`, blob, privateKey };
}

/** The armored signature that `ssh-keygen -Y sign` makes with such a key, touched once. */
export function signWithSecurityKey(key: SecurityKey, namespace: string, message: string): string {
  const preamble = [field(namespace), field(""), field("sha512")];
  const digest = createHash("sha512").update(message).digest();
  const signed = Buffer.concat([Buffer.from("SSHSIG"), ...preamble, field(digest)]);
  const counter = Buffer.from([0, 0, 0, 7]);
  const data = Buffer.concat([sha256(APPLICATION), Buffer.from([USER_PRESENT]), counter, sha256(signed)]);
  const signature = Buffer.concat([
    field(TYPE),
    field(sign(null, data, key.privateKey)),
    Buffer.from([USER_PRESENT]),
    counter,
  ]);
  const blob = Buffer.concat([
    Buffer.from("SSHSIG"),
    Buffer.from([0, 0, 0, 1]),
    field(key.blob),
    ...preamble,
    field(signature),
  ]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
}
