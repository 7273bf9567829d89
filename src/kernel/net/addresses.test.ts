import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { addressProblem, checkAddress, checkUrl, parseAllowRules } from "./addresses.ts";

const codeOf = (text: string, allow: readonly string[] = []): string => {
  const checked = checkUrl(text, parseAllowRules(allow));
  return checked.ok ? "accepted" : checked.refusal.code.replace("net/", "");
};

/** Web addresses that somebody may hand in to reach what is not theirs, by the rule that must stop each. */
const HOSTILE: Readonly<Record<string, readonly string[]>> = {
  "address-not-public": [
    "https://127.0.0.1/",
    "https://127.255.255.254/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.1.1/",
    "https://100.64.0.1/",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/metadata",
    "https://192.0.0.192/opc/v1/",
    "https://192.0.2.1/",
    "https://198.51.100.7/",
    "https://203.0.113.9/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://192.88.99.1/",
    "https://192.175.48.1/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[ff02::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:FFFF:169.254.169.254]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[::a00:1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b:1::8.8.8.8]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2002:808:808::1]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[2001:2::1]/",
    "https://[2001:20::1]/",
    "https://[100::1]/",
    "https://[5f00::1]/",
    "https://[4000::1]/",
    "https://[1::1]/",
  ],
  "host-spelling": [
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://8.8.2056/",
    "https://0x8.0x8.0x8.0x8/",
    "https://127.0.0.1./",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://999999999999/",
    "https://example.com./",
    "https://localhost./",
    "https://%31%32%37.0.0.1/",
    "https://exam%70le.com/",
    "https://127。0。0。1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://ｅxample.com/",
    "https://bücher.example.com/",
    "https://exa_-.example.com/",
    "https://-a.example.com/",
    "https://a..example.com/",
    "https://[fe80::1%25eth0]/",
    "https://[::1/",
    "https://a,b.example.com/",
    `https://${"a".repeat(64)}.example.com/`,
    "https://example.com:99999/",
    "https://example.com:8o/",
  ],
  "host-reserved": [
    "https://localhost/",
    "https://LOCALHOST/",
    "https://a.localhost/",
    "https://metadata/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://router.local/",
    "https://box.lan/",
    "https://nas.home/",
    "https://printer.home.arpa/",
    "https://db.corp/",
    "https://wiki.intranet/",
    "https://x.localdomain/",
    "https://something.onion/",
    "https://x.invalid/",
  ],
  scheme: [
    "http://example.com/",
    "HTTP://example.com/",
    "ftp://example.com/",
    "file://example.com/etc/passwd",
    "gopher://example.com:70/_",
    "ws://example.com/",
    "blob://example.com/",
  ],
  credentials: [
    "https://name@example.com/",
    "https://name:word@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1:443@example.com/",
  ],
  port: [
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:8443/",
    "https://8.8.8.8:6379/",
    "https://example.com:0/",
  ],
  "url-malformed": [
    "",
    "example.com",
    "//example.com/",
    "https:example.com",
    "https:/example.com/",
    "https:///example.com/",
    "https://",
    "https://?x",
    "javascript:alert(1)",
    "data:text/plain,x",
    "file:///etc/passwd",
    " https://example.com/",
    "https://example.com/a b",
    "https://exam\tple.com/",
    "https://example.com/\r\nHost: 127.0.0.1",
    "https://example.com\\@127.0.0.1/",
    "https:\\\\127.0.0.1\\",
    "https://example.com/ü",
    `https://example.com/${"a".repeat(2048)}`,
  ],
};

describe("hostile web addresses", () => {
  for (const [rule, texts] of Object.entries(HOSTILE)) {
    test(`${texts.length} of them are stopped by the rule ${rule}`, () => {
      for (const text of texts) assert.equal(codeOf(text), rule, text);
    });
  }

  test("there are more than sixty, and none is there twice", () => {
    const all = Object.values(HOSTILE).flat();
    assert.ok(all.length >= 60);
    assert.equal(new Set(all).size, all.length);
  });

  test("any spelling of any private IPv4 address is stopped", () => {
    const octet = fc.nat({ max: 255 });
    const parts = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    );
    const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const property = fc.property(parts, (bytes) => {
      const [a, b, c, d] = bytes;
      const word = hex(bytes);
      const [high, low] = [word.slice(0, 4), word.slice(4)];
      const dotted = bytes.join(".");
      const spellings = [
        dotted,
        `${dotted}.`,
        `0x${word}`,
        String(Number(`0x${word}`)),
        `0${Number(`0x${word}`).toString(8)}`,
        `${a}.${b}.${c * 256 + d}`,
        bytes.map((byte) => `0${byte.toString(8)}`).join("."),
        `[::ffff:${dotted}]`,
        `[::ffff:${high}:${low}]`,
        `[::ffff:0:${dotted}]`,
        `[::${dotted}]`,
        `[64:ff9b::${dotted}]`,
        `[64:ff9b:1::${dotted}]`,
        `[2002:${high}:${low}::1]`,
      ];
      for (const host of spellings) assert.notEqual(codeOf(`https://${host}/`), "accepted", host);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("any text at all gets an answer and no exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const tried of [text, `https://${text}`, `https://${text}/`, `https://[${text}]/`]) codeOf(tried);
        assert.notEqual(addressProblem(`${text}x`), null);
      }),
      { numRuns: 500 },
    );
  });
});

describe("honest web addresses", () => {
  test("plain names and public addresses pass", () => {
    for (const text of [
      "https://example.com",
      "https://example.com/",
      "HTTPS://EXAMPLE.COM/Path?q=1#part",
      "https://example.com:443/",
      "https://xn--bcher-kva.example/",
      "https://_dmarc.example.org/",
      "https://sub.domain.co.uk/a?b=@c",
      "https://8.8.8.8/",
      "https://[2606:4700::6810:84e5]/",
      "https://[2606:4700:0:0:0:0:6810:84E5]/",
      "https://[64:ff9b::8.8.8.8]/",
      "https://localhost.example.com/",
      "https://internal.example.com/",
    ]) {
      assert.equal(codeOf(text), "accepted", text);
    }
  });

  test("a target has its parts taken apart, and no fragment", () => {
    const checked = checkUrl("https://[2606:4700::1]/a?b#c");
    assert.ok(checked.ok);
    const { url, ...rest } = checked.value;
    assert.equal(url.href, "https://[2606:4700::1]/a?b");
    assert.deepEqual(rest, { scheme: "https", hostname: "2606:4700::1", port: 443, isAddress: true });
  });
});

describe("an operator's exceptions", () => {
  test("without scheme and port: https on its usual port", () => {
    assert.equal(codeOf("https://10.1.2.3/", ["10.0.0.0/8"]), "accepted");
    assert.equal(codeOf("https://10.1.2.3:8443/", ["10.0.0.0/8"]), "address-not-public");
    assert.equal(codeOf("http://10.1.2.3/", ["10.0.0.0/8"]), "scheme");
    assert.equal(codeOf("https://11.1.2.3:8443/", ["10.0.0.0/8"]), "port");
  });

  test("a port, any port, plain http, and IPv6", () => {
    assert.equal(codeOf("https://127.0.0.1:8443/", ["127.0.0.1/32:8443"]), "accepted");
    assert.equal(codeOf("https://127.0.0.1:8444/", ["127.0.0.1/32:8443"]), "address-not-public");
    assert.equal(codeOf("http://127.0.0.1:1234/", ["http://127.0.0.1/32:*"]), "accepted");
    assert.equal(codeOf("https://127.0.0.1:1234/", ["http://127.0.0.1/32:*"]), "address-not-public");
    assert.equal(codeOf("https://[::1]:8443/", ["::1/128:8443"]), "accepted");
    assert.equal(codeOf("http://8.8.8.8/", ["http://127.0.0.1/32:*"]), "scheme");
  });

  test("a name passes on a port only where its address is in the exception too", () => {
    const rules = parseAllowRules(["http://10.0.0.0/8:8080"]);
    const checked = checkUrl("http://forge.example.org:8080/", rules);
    assert.ok(checked.ok);
    assert.equal(checkAddress(checked.value, "10.0.0.1", rules), null);
    assert.equal(checkAddress(checked.value, "8.8.8.8", rules)?.code, "net/scheme");
    const inside = checkAddress(checked.value, "192.168.0.1", rules);
    assert.equal(inside?.code, "net/address-not-public");
    assert.equal(inside.detail, undefined, "what a name resolves to is not told");
  });

  test("none opens cloud metadata, in any form, or a reserved name", () => {
    const all = ["0.0.0.0/0:*", "::/0:*"];
    assert.equal(codeOf("https://10.0.0.1/", all), "accepted");
    for (const host of [
      "169.254.169.254",
      "168.63.129.16",
      "[fd00:ec2::254]",
      "[::ffff:169.254.169.254]",
      "[64:ff9b::a9fe:a9fe]",
    ]) {
      assert.equal(codeOf(`https://${host}/`, all), "address-not-public", host);
    }
    assert.equal(codeOf("https://localhost/", all), "host-reserved");
  });

  test("a bad one stops the start", () => {
    for (const text of [
      "",
      "127.0.0.1",
      "127.0.0.1/33",
      "ftp://127.0.0.1/32",
      "127.0.0.1/32:0",
      "127.0.0.1/32:70000",
      "example.com/32",
    ]) {
      assert.throws(() => parseAllowRules([text]), /is not an exception/, text);
    }
  });
});
