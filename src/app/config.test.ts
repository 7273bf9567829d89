import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { type Config, configLines, isLoopback, readConfig, fetchExceptions } from "./config.ts";

const places = { workingDirectory: "/srv/index", packageDirectory: "/opt/locksmith" };
const read = (environment: Record<string, string>) => readConfig(environment, places);

function settings(environment: Record<string, string>): Config {
  const result = read(environment);
  assert.ok(result.ok, result.ok ? "" : configLines(result.refusal).join("\n"));
  return result.value;
}

function problems(environment: Record<string, string>): Readonly<Record<string, string>> {
  const result = read(environment);
  assert.ok(!result.ok, `accepted ${JSON.stringify(environment)}`);
  return result.refusal.fields ?? {};
}

describe("settings", () => {
  test("an empty environment gives a private installation in ./data", () => {
    assert.deepEqual(settings({}), {
      port: 8480,
      host: "127.0.0.1",
      dataDirectory: "/srv/index/data",
      databaseUrl: null,
      publicUrl: new URL("http://127.0.0.1:8480"),
      smtp: null,
      policyFile: "/opt/locksmith/policy/default.json",
      logLevel: "info",
      historyDays: 400,
      mailFrom: { name: "Locksmith", address: "security@localhost" },
      indexName: "Locksmith Index",
      bounceAddress: null,
      mailIn: null,
      breachUrl: null,
      breachFile: null,
      rdapUrl: null,
      leakKeysUrl: null,
      forgeUrls: ["https://github.com/", "https://gitlab.com/", "https://codeberg.org/"].map((text) => new URL(text)),
      sigstoreRootFile: null,
      trustedIssuers: [
        { service: "github", issuer: "https://token.actions.githubusercontent.com" },
        { service: "gitlab", issuer: "https://gitlab.com" },
        { service: "google", issuer: "https://accounts.google.com" },
      ],
    });
  });

  test("an empty variable counts as absent, and an unknown one is left alone", () => {
    assert.deepEqual(
      settings({ PORT: "", SMTP_URL: "", LOCKSMITH_COLOUR: "green", DATA_DIRECTORY: "x" }),
      settings({}),
    );
  });

  const accepted: readonly (readonly [
    variable: string,
    text: string,
    pick: (config: Config) => unknown,
    is: unknown,
  ])[] = [
    ["PORT", "0", (c) => c.port, 0],
    ["PORT", "65535", (c) => c.publicUrl.href, "http://127.0.0.1:65535/"],
    ["HOST", "::1", (c) => c.publicUrl.href, "http://[::1]:8480/"],
    ["HOST", "localhost", (c) => c.publicUrl.href, "http://localhost:8480/"],
    ["DATA_DIR", "../here", (c) => c.dataDirectory, "/srv/here"],
    ["DATA_DIR", "/var/lib/a b", (c) => c.dataDirectory, "/var/lib/a b"],
    ["PUBLIC_URL", "https://Accounts.Example.org/", (c) => c.publicUrl.href, "https://accounts.example.org/"],
    ["PUBLIC_URL", "https://accounts.example.org:8443", (c) => c.mailFrom.address, "security@accounts.example.org"],
    ["PUBLIC_URL", "http://[::1]:9000", (c) => c.publicUrl.origin, "http://[::1]:9000"],
    ["DATABASE_URL", "postgres://a:b%40@db/x", (c) => c.databaseUrl?.reveal(), "postgres://a:b%40@db/x"],
    [
      "DATABASE_URL",
      "postgresql://a:b@%2Ftmp%2Fs:5432/x",
      (c) => c.databaseUrl?.reveal(),
      "postgresql://a:b@%2Ftmp%2Fs:5432/x",
    ],
    ["SMTP_URL", "smtp://127.0.0.1:2525", (c) => [c.smtp?.host, c.smtp?.port], ["127.0.0.1", 2525]],
    ["SMTP_URL", "smtps://me:p%2Fw@mail.example.org", (c) => c.smtp?.login?.password.reveal(), "p/w"],
    ["POLICY_FILE", "strict.json", (c) => c.policyFile, "/srv/index/strict.json"],
    ["LOG_LEVEL", "debug", (c) => c.logLevel, "debug"],
    ["MAIL_FROM", "security@example.org", (c) => c.mailFrom, { name: "Locksmith", address: "security@example.org" }],
    ["MAIL_FROM", "Our Index <me@example.org>", (c) => c.mailFrom, { name: "Our Index", address: "me@example.org" }],
    ["TRUSTED_ISSUERS", "none", (c) => c.trustedIssuers, []],
    [
      "TRUSTED_ISSUERS",
      "gitlab=https://git.example.org, oidc=https://id.example.org/a",
      (c) => c.trustedIssuers.map(({ service, issuer }) => `${service} ${issuer}`),
      ["gitlab https://git.example.org", "oidc https://id.example.org/a"],
    ],
    ["FORGES", "none", (c) => c.forgeUrls, []],
    [
      "FORGES",
      "https://a.example.org, http://127.0.0.1:81/",
      (c) => c.forgeUrls.map(({ host }) => host),
      ["a.example.org", "127.0.0.1:81"],
    ],
    ["RDAP_URL", "https://rdap.org", (c) => c.rdapUrl?.href, "https://rdap.org/"],
    ["MAIL_IN_RELAYS", "none", (c) => c.mailIn, null],
    ["BOUNCE_ADDRESS", "Bounces@Example.org", (c) => c.bounceAddress, { name: "Bounces", domain: "example.org" }],
    ["BREACH_URL", "https://api.pwnedpasswords.com", (c) => c.breachUrl?.href, "https://api.pwnedpasswords.com/"],
    ["BREACH_URL", "https://mirror.example.org/pwned", (c) => c.breachUrl?.href, "https://mirror.example.org/pwned/"],
    ["BREACH_URL", "http://127.0.0.1:8081/", (c) => fetchExceptions(c.breachUrl), ["http://127.0.0.1/32:8081"]],
    ["BREACH_URL", "https://[fd12::7]/", (c) => fetchExceptions(c.breachUrl), ["https://fd12::7/128:443"]],
    ["LEAK_KEYS_URL", "https://api.example.org/keys", (c) => c.leakKeysUrl?.href, "https://api.example.org/keys"],
    ["BREACH_FILE", "pwned.txt", (c) => c.breachFile, "/srv/index/pwned.txt"],
    ["INDEX_NAME", " Das Verzeichnis ", (c) => c.indexName, "Das Verzeichnis"],
  ];
  for (const [variable, text, pick, is] of accepted) {
    test(`${variable}=${text} is taken`, () => assert.deepEqual(pick(settings({ [variable]: text })), is));
  }

  const refused: readonly (readonly [variable: string, text: string, says: RegExp])[] = [
    ["PORT", "65536", /“65536”.*0 to 65535.*PORT=8480/],
    ["PORT", "-1", /no port/],
    ["PORT", "80.5", /no port/],
    ["PORT", "1e3", /no port/],
    ["PORT", "８４８０", /no port/],
    ["HOST", "a b", /neither an address nor a name/],
    ["HOST", "300.1.1.1", /neither an address nor a name/],
    ["HOST", "http://here", /neither an address nor a name/],
    ["DATA_DIR", "data ", /space/],
    ["DATA_DIR", "a\u0000b", /control characters/],
    ["PUBLIC_URL", "accounts.example.org", /not an http or https address.*PUBLIC_URL=https/],
    ["PUBLIC_URL", "ftp://example.org", /not an http or https address/],
    ["PUBLIC_URL", "http://accounts.example.org", /must begin with https/],
    ["PUBLIC_URL", "http://127.0.0.1.example.org", /must begin with https/],
    ["PUBLIC_URL", "https://example.org/accounts", /no path or query/],
    ["PUBLIC_URL", "https://example.org/?", /no path or query/],
    ["PUBLIC_URL", "https://me:secret@example.org", /name or password/],
    ["DATABASE_URL", "mysql://db/x", /postgres:\/\//],
    ["DATABASE_URL", "postgres://db", /names no database/],
    ["DATABASE_URL", "postgres://db/", /names no database/],
    ["DATABASE_URL", "postgres:///x", /names no host/],
    ["DATABASE_URL", "postgres://a:100%@db/x", /%25/],
    ["DATABASE_URL", "postgres://a:b#c@db/x", /DATABASE_URL=postgres/],
    ["SMTP_URL", "mail.example.org", /SMTP_URL=smtps/],
    ["SMTP_URL", "smtp://mail.example.org/inbox", /end after the host and port/],
    ["SMTP_URL", "smtp://mail.example.org?ignoreTLS=true", /end after the host and port/],
    ["SMTP_URL", "smtp://", /SMTP_URL=smtps/],
    ["TRUSTED_ISSUERS", "https://git.example.org", /service that is none of github, gitlab/],
    ["TRUSTED_ISSUERS", "gitlab=http://git.example.org", /must begin with https/],
    ["TRUSTED_ISSUERS", "gitlab=https://git.internal", /name for local use/],
    ["TRUSTED_ISSUERS", "oidc=https://a.example.org,gitlab=https://a.example.org", /one issuer twice/],
    [
      "TRUSTED_ISSUERS",
      Array.from({ length: 21 }, (_, n) => `oidc=https://f${n}.example.org`).join(","),
      /more than 20 issuers/,
    ],
    ["FORGES", "https://github.com/,http://git.example.org/", /must begin with https.*FORGES=https/],
    ["FORGES", "https://git.example.org/sub/", /names more than hosts/],
    ["FORGES", "https://git.internal/", /name for local use/],
    ["FORGES", Array.from({ length: 21 }, (_, n) => `https://f${n}.example.org`).join(","), /more than 20 forges/],
    ["RDAP_URL", "http://rdap.org/", /must begin with https.*RDAP_URL=https/],
    ["RDAP_URL", "https://rdap.internal/", /name for local use/],
    ["BOUNCE_ADDRESS", "bounces", /not a mail address.*BOUNCE_ADDRESS=bounces@example\.org/],
    ["BOUNCE_ADDRESS", "bounces+x@example.org", /what follows a \+ is ours/],
    ["BOUNCE_ADDRESS", "account-bounces-of-us@example.org", /at most 17 characters/],
    ["LEAK_KEYS_URL", "https://api.example.org/keys?all", /without a query.*LEAK_KEYS_URL=https/],
    ["BREACH_URL", "api.pwnedpasswords.com", /not a web address.*BREACH_URL=https/],
    ["BREACH_URL", "http://api.pwnedpasswords.com/", /must begin with https/],
    ["BREACH_URL", "https://me:pw@api.pwnedpasswords.com/", /name or password/],
    ["BREACH_URL", "https://api.pwnedpasswords.com/?key=1", /without a query/],
    ["BREACH_URL", "https://mirror.internal/", /name for local use/],
    ["BREACH_URL", "https://mirror.example.org:8443/", /port/],
    ["BREACH_URL", "https://169.254.169.254/", /public internet/],
    ["LOG_LEVEL", "verbose", /error, warn, info, debug/],
    ["MAIL_FROM", "nobody", /no sender/],
    ["MAIL_FROM", "A <a@example.org>, B <b@example.org>", /no sender/],
    ["MAIL_FROM", "a@example.org\r\nBcc: b@example.org", /control characters/],
    ["INDEX_NAME", "x".repeat(61), /1 to 60/],
    ["INDEX_NAME", "   ", /1 to 60/],
    ["INDEX_NAME", "x".repeat(5000), /5000 characters long/],
  ];
  for (const [variable, text, says] of refused) {
    test(`${variable}=${inspect(text.slice(0, 50))} is refused`, () => {
      const found = problems({ [variable]: text });
      assert.deepEqual(Object.keys(found), [variable]);
      assert.match(found[variable] ?? "", says);
    });
  }

  test("a host that others reach needs a public address", () => {
    assert.match(problems({ HOST: "0.0.0.0" })["PUBLIC_URL"] ?? "", /is needed when HOST \(0\.0\.0\.0\)/);
    assert.equal(
      settings({ HOST: "0.0.0.0", PUBLIC_URL: "https://example.org" }).publicUrl.href,
      "https://example.org/",
    );
  });

  test("all problems are told at once, a line each, beginning with the variable", () => {
    const result = read({ PORT: "x", LOG_LEVEL: "y", SMTP_URL: "z", DATA_DIR: " " });
    assert.ok(!result.ok);
    const [title, ...lines] = configLines(result.refusal);
    assert.match(title ?? "", /cannot start/);
    assert.deepEqual(
      lines.map((line) => line.trim().split(" ", 1)[0]),
      ["PORT", "DATA_DIR", "SMTP_URL", "LOG_LEVEL"],
    );
  });

  test("no message and no printed settings show a password", () => {
    const secretText = "hunter2hunter2";
    for (const environment of [
      { DATABASE_URL: `mysql://a:${secretText}@db/x` },
      { DATABASE_URL: `postgres://a:${secretText}%@db/x` },
      { SMTP_URL: `smtp://a:${secretText}@mail.example.org/x` },
      { PUBLIC_URL: `https://a:${secretText}@example.org` },
    ]) {
      assert.doesNotMatch(JSON.stringify(problems(environment)), /hunter2/);
    }
    const good = settings({ DATABASE_URL: `postgres://a:${secretText}@db/x`, SMTP_URL: `smtp://a:${secretText}@mail` });
    assert.doesNotMatch(inspect(good, { depth: 9 }) + JSON.stringify(good), /hunter2/);
  });

  test("what counts as this machine only", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "index.localhost"])
      assert.ok(isLoopback(host), host);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org", "localhost.example.org"])
      assert.ok(!isLoopback(host), host);
  });
});
