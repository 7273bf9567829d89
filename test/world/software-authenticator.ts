import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/*
 * A passkey provider in software, for tests at HTTP level: makes and shows passkeys as a browser with an authenticator
 * would (WebAuthn L3 §5.1, §6.3), and can be told to cheat in one thing at a time. Chromium's own virtual authenticator
 * is used in test/browser/.
 */

export type Algorithm = "ES256" | "EdDSA" | "RS256";

/** What is sent otherwise than an honest browser and authenticator would. */
export interface Cheat {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly isPresent?: boolean;
  readonly isVerified?: boolean;
  readonly isBackupEligible?: boolean;
  readonly isBackedUp?: boolean;
  /** Instead of counting up. */
  readonly count?: number;
  readonly userHandle?: string | null;
  readonly credentialId?: string;
  /** Changes the signature after it was made. */
  readonly isSignatureBroken?: boolean;
}

interface Stored {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly algorithm: Algorithm;
  readonly rpId: string;
  readonly userHandle: string;
  count: number;
}

export interface SoftwareAuthenticator {
  readonly credentials: Stored[];
  /** Whether it asks for a PIN or a finger. */
  isVerifying: boolean;
  isBackupEligible: boolean;
  isBackedUp: boolean;
  /** Adds to its counter at each use; 0 for those that have none. */
  step: number;
  /** Answers creation options with the JSON that a browser would post. */
  create(options: CreationOptions, origin: string, cheat?: Cheat & { readonly attestation?: Attestation }): string;
  /** Answers request options; throws when it has no passkey for them, as a browser would refuse. */
  get(options: RequestOptions, origin: string, cheat?: Cheat): string;
}

export type Attestation = "none" | "packed-self" | "packed-x5c";

export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string; readonly name: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

export interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

const sha256 = (data: Buffer | string): Buffer => createHash("sha256").update(data).digest();
const b64 = (bytes: Buffer): string => bytes.toString("base64url");

/* ---- CBOR (RFC 8949), as much of it as authenticators write ---- */

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  const bytes = Buffer.alloc(3);
  bytes.writeUInt8((major << 5) | 25);
  bytes.writeUInt16BE(value, 1);
  return bytes;
}

export type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

export function cbor(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, one]) => [cbor(key), cbor(one as Cbor)])]);
  const list = value as readonly Cbor[]; // the only kind left
  return Buffer.concat([head(4, list.length), ...list.map(cbor)]);
}

const COSE: Readonly<Record<Algorithm, number>> = { ES256: -7, EdDSA: -8, RS256: -257 };

function makeKey(algorithm: Algorithm): { readonly privateKey: KeyObject; readonly cose: Buffer } {
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64url");
  if (algorithm === "EdDSA") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { x } = publicKey.export({ format: "jwk" });
    return {
      privateKey,
      cose: cbor(
        new Map<number, Cbor>([
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, part(x)],
        ]),
      ),
    };
  }
  if (algorithm === "RS256") {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: "jwk" });
    return {
      privateKey,
      cose: cbor(
        new Map<number, Cbor>([
          [1, 3],
          [3, -257],
          [-1, part(n)],
          [-2, part(e)],
        ]),
      ),
    };
  }
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const cose = cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, part(x)],
      [-3, part(y)],
    ]),
  );
  return { privateKey, cose };
}

const signWith = (key: KeyObject, algorithm: Algorithm, data: Buffer): Buffer =>
  sign(algorithm === "EdDSA" ? null : "sha256", data, key);

export function makeAuthenticator(algorithm: Algorithm = "ES256"): SoftwareAuthenticator {
  const flags = (cheat: Cheat, hasKey: boolean): number =>
    ((cheat.isPresent ?? true) ? 0x01 : 0) |
    ((cheat.isVerified ?? self.isVerifying) ? 0x04 : 0) |
    ((cheat.isBackupEligible ?? self.isBackupEligible) ? 0x08 : 0) |
    ((cheat.isBackedUp ?? self.isBackedUp) ? 0x10 : 0) |
    (hasKey ? 0x40 : 0);

  const authData = (rpId: string, flagBits: number, count: number, attested: Buffer): Buffer => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    return Buffer.concat([sha256(rpId), Buffer.from([flagBits]), counter, attested]);
  };

  const clientData = (type: string, challenge: string, origin: string, cheat: Cheat): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: cheat.type ?? type,
        challenge: cheat.challenge ?? challenge,
        origin: cheat.origin ?? origin,
        crossOrigin: false,
        ...cheat.clientData,
      }),
    );

  const self: SoftwareAuthenticator = {
    credentials: [],
    isVerifying: true,
    isBackupEligible: false,
    isBackedUp: false,
    step: 1,
    create: (options, origin, cheat = {}) => {
      if (options.excludeCredentials?.some(({ id }) => self.credentials.some((one) => one.id === id)))
        throw new Error("InvalidStateError: this authenticator has a passkey for that account.");
      const { privateKey, cose } = makeKey(algorithm);
      const rpId = options.rp.id ?? new URL(origin).hostname;
      const id = cheat.credentialId ?? b64(randomBytes(32));
      const raw = Buffer.from(id, "base64url");
      const count = cheat.count ?? self.step;
      self.credentials.push({ id, privateKey, algorithm, rpId, userHandle: options.user.id, count });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(raw.length);
      const attested = Buffer.concat([Buffer.alloc(16), length, raw, cose]);
      const data = authData(cheat.rpId ?? rpId, flags(cheat, true), count, attested);
      const told = clientData("webauthn.create", options.challenge, origin, cheat);
      const signature = signWith(privateKey, algorithm, Buffer.concat([data, sha256(told)]));
      const statement = new Map<string, Cbor>();
      if (cheat.attestation?.startsWith("packed")) {
        statement.set("alg", COSE[algorithm]);
        statement.set("sig", cheat.isSignatureBroken ? Buffer.alloc(signature.length) : signature);
        if (cheat.attestation === "packed-x5c") statement.set("x5c", [Buffer.from("3000", "hex")]);
      }
      const object = new Map<string, Cbor>([
        ["fmt", statement.size > 0 ? "packed" : "none"],
        ["attStmt", statement],
        ["authData", data],
      ]);
      return JSON.stringify({
        id,
        rawId: id,
        type: "public-key",
        response: { clientDataJSON: b64(told), attestationObject: b64(cbor(object)), transports: ["internal"] },
        clientExtensionResults: { credProps: { rk: true } },
      });
    },
    get: (options, origin, cheat = {}) => {
      const allow = options.allowCredentials ?? [];
      const found = self.credentials.find((one) => allow.length === 0 || allow.some(({ id }) => id === one.id));
      if (!found) throw new Error("NotAllowedError: there is no such passkey here.");
      found.count += self.step;
      const data = authData(cheat.rpId ?? found.rpId, flags(cheat, false), cheat.count ?? found.count, Buffer.alloc(0));
      const told = clientData("webauthn.get", options.challenge, origin, cheat);
      const signature = signWith(found.privateKey, found.algorithm, Buffer.concat([data, sha256(told)]));
      if (cheat.isSignatureBroken) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
      const userHandle = cheat.userHandle === undefined ? found.userHandle : cheat.userHandle;
      const id = cheat.credentialId ?? found.id;
      return JSON.stringify({
        id,
        rawId: id,
        type: "public-key",
        response: { clientDataJSON: b64(told), authenticatorData: b64(data), signature: b64(signature), userHandle },
        clientExtensionResults: {},
      });
    },
  };
  return self;
}
