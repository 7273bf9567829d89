import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** An Ed25519 key in the hands of a person, as OpenSSH writes it. */
export interface SshKey {
  /** One line for the account: `ssh-ed25519 AAAA… comment`. */
  readonly publicLine: string;
  readonly privateKey: KeyObject;
  readonly blob: Buffer;
}

const field = (bytes: Buffer | string): Buffer => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

export function makeSshKey(comment: string): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([field("ssh-ed25519"), field(raw)]);
  return { publicLine: `ssh-ed25519 ${blob.toString("base64")} ${comment}`, privateKey, blob };
}

/** What `ssh-keygen -Y sign -n NAMESPACE` makes, byte for byte in form (OpenSSH, PROTOCOL.sshsig). */
export function sshSign(key: SshKey, namespace: string, message: string): string {
  const digest = createHash("sha512").update(message).digest();
  const preamble = [field(namespace), field(""), field("sha512")];
  const signed = Buffer.concat([Buffer.from("SSHSIG"), ...preamble, field(digest)]);
  const signature = Buffer.concat([field("ssh-ed25519"), field(sign(null, signed, key.privateKey))]);
  const version = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([Buffer.from("SSHSIG"), version, field(key.blob), ...preamble, field(signature)]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
}
