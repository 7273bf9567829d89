import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readAssertion, readRegistration } from "./answer.ts";
import { verifyAssertion, verifyRegistration } from "./verify.ts";

/*
 * The published test vectors: W3C Web Authentication Level 3, section 16 "Test Vectors", byte for byte (RP ID
 * example.org, origin https://example.org). Attestations with certificates are refused here on purpose, so of 16.10 and
 * 16.11 the assertions are checked with the credential's key.
 */

const SITE = { publicUrl: new URL("https://example.org") };
const b64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");

interface Vector {
  readonly id: string;
  readonly registration?: { readonly clientData: string; readonly attestation: string };
  readonly assertion: { readonly data: string; readonly clientData: string; readonly signature: string };
}

/** 16.2 ES256 Credential with No Attestation */
const NONE_ES256: Vector = {
  id: "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4",
  registration: {
    clientData:
      "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b5165446a646354427258426941774a544c453551227d",
    attestation:
      "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
  },
  assertion: {
    data: "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
    clientData:
      "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
    signature:
      "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
  },
};

/** 16.3 ES256 Credential with Self Attestation */
const SELF_ES256: Vector = {
  id: "455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c",
  registration: {
    clientData:
      "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a2265476e4374334c55745936366b336a506a796e6962506b31716e666644616966715a774c33417032392d55222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a205539685458764b453255526b4d6e625f307859485667227d",
    attestation:
      "a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6afbdfab51697791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca5010203262001215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2",
  },
  assertion: {
    data: "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000",
    clientData:
      "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a225248696843784e534e493352594d45314f7731476d3132786e726b634a5f6666707637546e2d4a71386773222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a206754623533727a36456853576f6d58477a696d433151227d",
    signature:
      "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66",
  },
};

/** 16.4 ES256 Credential with "crossOrigin": true in clientDataJSON */
const CROSS_ORIGIN: Vector = {
  id: "6e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57",
  registration: {
    clientData:
      "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a224f2d57717a514e5463554a484930437257576e7951504859647862694332674872434d475666704c4f306b222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a207a5a7175457444523944577170573574425754467567227d",
    attestation:
      "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54500000000883f4f6014f19c09d87aa38123be48d000206e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57a501020326200121582022200a473f90b11078851550d03b4e44a2279f8c4eca27b3153dedfe03e4e97d225820cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e",
  },
  assertion: {
    data: "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50500000000",
    clientData:
      "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a226832716c463771445f65356c5f505f62796b7945377135645650674547685f49584a6b655737736e4d5463222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a2039327063545644304162792d713464746d6a36656667227d",
    signature:
      "3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b6e40e7022100c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf",
  },
};

/** 16.5 ES256 Credential with "topOrigin" in clientDataJSON; the registration */
const TOP_ORIGIN_CLIENT_DATA =
  "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a225468394d595a68706e6a504254786b68555f53646667364f4e58665672454673587a72636b7151664a2d55222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22746f704f726967696e223a2268747470733a2f2f6578616d706c652e636f6d227d";
const TOP_ORIGIN_ATTESTATION =
  "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b5410000000097586fd09799a76401c200455099ef2a0020b8ad59b996047ab18e2ceb57206c362da57458793481f4a8ebf101c7ca7cc0f1a5010203262001215820a1c47c1d82da4ebe82cd72207102b380670701993bc35398ae2e5726427fe01d22582086c1080d82987028c7f54ecb1b01185de243b359294a0ed210cd47480f0adc88";
const TOP_ORIGIN_ID = "b8ad59b996047ab18e2ceb57206c362da57458793481f4a8ebf101c7ca7cc0f1";

/** 16.10 Packed Attestation with RS256 Credential */
const RS256: Vector = {
  id: "992a18acc83f67533600c1138a4b4c4bd236de13629cf025ed17cb00b00b74df",
  assertion: {
    data: "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
    clientData:
      "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224b56395a39667150356978617970346e596d7834794e6f33617562597a5333536d75757459423462784d55222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
    signature:
      "01063d52d7c39b4d432fc7063c5d93e582bdcb16889cd71f888d67d880ea730a428498d3bc8e1ee11f2b1ecbe6c292b118c55ffaaddefa8cad0a54dd137c51f1eec673f1bb6c4d1789d6826a222b22d0f585fc901fdc933212e579d199b89d672aa44891333e6a1355536025e82b25590256c3538229b55737083b2f6b9377e49e2472f11952f79fdd0da180b5ffd901b4049a8f081bb40711bef76c62aed943571f2d0575304cb549d68d8892f95086a30f93716aee818f8dc06e96c0d5e0ed4cfa9fd8773d90464b68cf140f7986666ff9c9e3302acd0535d60d769f465e2ab57ef8aabc89fccfef7ba32a64154a8b3d26be2298f470b8cc5377dbe3dfd4b0b45f8f01e63bde6cfc76b62771f9b70aa27cf40152cad93aa5acd784fd4b90f676e2ea828d0bf2400aebbaae4153e5838f537f88b6228346782a93a899be66ec77de45b3efcf311da6321c92e6b0cd11bfe653bf3e98cee8e341f02d67dbb6f9c98d9e8178090cfb5b70fbc6d541599ac794ae2f1d4de1286ec8de8c2daf7b1d15c8438e90d924df5c19045220a4c8438c1b979bbe016cf3d0eeec23c3999d4882cc645b776de930756612cdc6dd398160ff02a6",
  },
};
/** Its key: the modulus is the product of the two Mersenne primes 2¹²⁷⁹−1 and 2²²⁰³−1, which is shorter to write so. */
const RS256_KEY = Buffer.concat([
  Buffer.from("a401030339010020", "hex"),
  Buffer.from("5901b4", "hex"),
  Buffer.from(((2n ** 1279n - 1n) * (2n ** 2203n - 1n)).toString(16).padStart(872, "0"), "hex"),
  Buffer.from("2143010001", "hex"),
]);

/** 16.11 Packed Attestation with Ed25519 Credential; its attestation has a certificate, and is refused */
const EDDSA: Vector & { readonly registration: NonNullable<Vector["registration"]> } = {
  id: "ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71caa8a2bd",
  registration: {
    clientData:
      "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22714b763532723347734e396a526d733576616e6f6f306f303459557a656c6e7878586d5a426e6254733730222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20425f44543567375a445f2d394f544c59583549764551227d",
    attestation:
      "a363666d74667061636b65646761747453746d74a363616c67266373696758483046022100d83f60bd80269537583218858aefb03ac57d45fa06e42feaae332d187f62da9f022100a02bd3cb6f7e1d283c93bad1f3f4b5a4c0494463da7fdbf256949116754d1f17637835638159022730820223308201c8a003020102021100b2cfc9ea33c8643b0e1a760463eaf164300a06082a8648ce3d0403023062311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c41757468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234303130313030303030305a180f33303234303130313030303030305a305f311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331223020060355040b0c1941757468656e74696361746f72204174746573746174696f6e310b30090603550406130241413059301306072a8648ce3d020106082a8648ce3d03010703420004dd2b7a564b73b8c0b81c4c62e521925c4d1198ec9f583dbf1eebe364b65cd9c29a9bdf346aaa81fb6b9507e5249a52fdaf8e39e26b0b7dc45992a7e233b70f70a360305e300c0603551d130101ff04023000300e0603551d0f0101ff040403020780301d0603551d0e041604140ae27546bc7eccb1b4b597bd354f0c0b1f1f8f8e301f0603551d2304183016801445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d0403020349003046022100a0d434ecb5fc3bfd7da5f41904517ad2836249f561bd834ba7a438a8ab7a4ce8022100fac845bb7a02513b58e9f319654dbe49b0f02b95835bac568c71f8a18cdde9ab6861757468446174615881bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54100000000d5aa33581e8ca478e20fe713f5d32ff20020ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71caa8a2bda401010327200621582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832",
  },
  assertion: {
    data: "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000",
    clientData:
      "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2269566c583442786a4f6d6d44534b4c596f7870557439736e364d48454f7943413135726947514a6e763949222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
    signature:
      "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0d40b011f0d6fecb097d6607525713223a0dc0d453993dae00b",
  },
};
const EDDSA_KEY = Buffer.from(
  "a401010327200621582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832",
  "hex",
);

const made = (id: string, clientData: string, attestation: string): string =>
  JSON.stringify({
    id: b64(id),
    rawId: b64(id),
    type: "public-key",
    response: { clientDataJSON: b64(clientData), attestationObject: b64(attestation) },
    clientExtensionResults: {},
  });

const shown = ({ id, assertion }: Vector): string =>
  JSON.stringify({
    id: b64(id),
    rawId: b64(id),
    type: "public-key",
    response: {
      clientDataJSON: b64(assertion.clientData),
      authenticatorData: b64(assertion.data),
      signature: b64(assertion.signature),
    },
    clientExtensionResults: {},
  });

async function register(vector: Vector, site = SITE) {
  const { clientData, attestation } = vector.registration ?? { clientData: "", attestation: "" };
  const answer = readRegistration(made(vector.id, clientData, attestation));
  assert(answer.ok, JSON.stringify(answer));
  return verifyRegistration(site, answer.value);
}

async function assertWith(vector: Vector, key: Buffer, site = SITE) {
  const answer = readAssertion(shown(vector));
  assert(answer.ok, JSON.stringify(answer));
  return verifyAssertion(site, answer.value, key);
}

describe("WebAuthn Level 3, section 16", () => {
  const whole: readonly (readonly [string, Vector, { readonly made: number; readonly shown: number }])[] = [
    ["16.2 ES256 without attestation", NONE_ES256, { made: 0x59, shown: 0x19 }],
    ["16.3 ES256 with self attestation", SELF_ES256, { made: 0x5d, shown: 0x09 }],
  ];
  for (const [name, vector, flags] of whole) {
    test(`${name}: registers, and the assertion verifies with the key it gave`, async () => {
      const registered = await register(vector);
      assert(registered.ok, JSON.stringify(registered));
      assert.equal(registered.value.credentialId, b64(vector.id));
      assert.equal(registered.value.isUserVerified, (flags.made & 0x04) !== 0);
      assert.equal(registered.value.isBackupEligible, (flags.made & 0x08) !== 0);
      assert.equal(registered.value.isBackedUp, (flags.made & 0x10) !== 0);
      const asserted = await assertWith(vector, registered.value.publicKey);
      assert(asserted.ok);
      assert.deepEqual(asserted.value, {
        signCount: 0,
        isUserVerified: (flags.shown & 0x04) !== 0,
        isBackupEligible: (flags.shown & 0x08) !== 0,
        isBackedUp: (flags.shown & 0x10) !== 0,
      });
      assert.equal((await assertWith(vector, RS256_KEY)).ok, false, "another key does not do");
    });
  }

  for (const [name, vector, key] of [
    ["16.10 RS256", RS256, RS256_KEY],
    ["16.11 Ed25519", EDDSA, EDDSA_KEY],
  ] as const) {
    test(`${name}: the assertion verifies with the credential's key`, async () => {
      const asserted = await assertWith(vector, key);
      assert(asserted.ok, JSON.stringify(asserted));
      assert.equal(asserted.value.isUserVerified, false);
      const signature = vector.assertion.signature.replace(/^../, "00");
      const changed = { ...vector, assertion: { ...vector.assertion, signature } };
      assert.equal((await assertWith(changed, key)).ok, name === "16.10 RS256" ? false : false);
    });
  }

  test("16.11: an attestation with a certificate is refused before the certificate is read", async () => {
    const registered = await register(EDDSA);
    assert(!registered.ok);
    assert.equal(registered.refusal.code, "authenticators/passkey-attested");
  });

  test("16.4 and 16.5: what was made or shown in a frame of another site is refused", () => {
    const { clientData, attestation } = CROSS_ORIGIN.registration ?? { clientData: "", attestation: "" };
    for (const answer of [
      readRegistration(made(CROSS_ORIGIN.id, clientData, attestation)),
      readAssertion(shown(CROSS_ORIGIN)),
      readRegistration(made(TOP_ORIGIN_ID, TOP_ORIGIN_CLIENT_DATA, TOP_ORIGIN_ATTESTATION)),
    ]) {
      assert(!answer.ok);
      assert.equal(answer.refusal.code, "authenticators/passkey-refused");
    }
  });

  test("each vector fails at another site, under another RP ID, and with one bit changed", async () => {
    for (const [, vector] of whole) {
      const registered = await register(vector);
      assert(registered.ok);
      const key = registered.value.publicKey;
      for (const other of [
        "https://example.com",
        "https://sub.example.org",
        "http://example.org",
        "https://example.org:8443",
      ]) {
        const site = { publicUrl: new URL(other) };
        assert.equal((await register(vector, site)).ok, false, `registered at ${other}`);
        assert.equal((await assertWith(vector, key, site)).ok, false, `shown at ${other}`);
      }
      const { data, signature } = vector.assertion;
      const flip = (hex: string, at: number): string => {
        const bytes = Buffer.from(hex, "hex");
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes.toString("hex");
      };
      for (let at = 0; at < data.length / 2; at += 1) {
        const changed = { ...vector, assertion: { ...vector.assertion, data: flip(data, at) } };
        assert.equal((await assertWith(changed, key)).ok, false, `authenticator data, byte ${at}`);
      }
      for (let at = 4; at < signature.length / 2; at += 7) {
        const changed = { ...vector, assertion: { ...vector.assertion, signature: flip(signature, at) } };
        assert.equal((await assertWith(changed, key)).ok, false, `signature, byte ${at}`);
      }
    }
  });
});
