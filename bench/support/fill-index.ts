import pg from "pg";
import { kinds } from "../../src/evidence/index.ts";
import { SAMPLE_CONTEXT } from "../../src/evidence/sample-context.ts";
import { id } from "./fill.ts";

/*
 * Projects, files and pending cases by SQL, beside the accounts that fill.ts makes: what the use cases would have left in
 * the tables that judging a case reads.
 */

const FILES_A_PROJECT = 16;
const PROJECT_NAME = "'project-' || n";
const PROJECT_ID = id("prj");
const RELEASE_ID = id("rel");
const SINCE = "now() - interval '400 days' - n * interval '1 second'";

const INDEX: readonly string[] = [
  `insert into projects (id, name, name_normalized, name_folded, created_at, created_by)
   select ${PROJECT_ID}, ${PROJECT_NAME}, ${PROJECT_NAME}, replace(${PROJECT_NAME}, '-', ''), ${SINCE}, account
   from generate_series(1, $1::int) n, lateral (select ${ownerOf("n")} as account) o`,
  `insert into project_roles (project_id, account_id, role, granted_at)
   select ${PROJECT_ID}, ${ownerOf("n")}, 'owner', ${SINCE} from generate_series(1, $1::int) n`,
  `insert into releases (id, project_id, version, summary, description, description_content_type, requires_python, metadata, created_at, created_by)
   select ${RELEASE_ID}, ${PROJECT_ID}, '1.0', 'A project', '', '', '', '{}', ${SINCE}, ${ownerOf("n")}
   from generate_series(1, $1::int) n`,
  `insert into project_dependencies (project_id, depends_on)
   select ${PROJECT_ID}, 'project-' || (1 + n % 1000) from generate_series(1, $1::int) n`,
  `insert into file_downloads (project_id, day, downloads)
   select ${PROJECT_ID}, current_date - 3, n % 5000 from generate_series(1, $1::int) n`,
  `insert into files (id, project_id, release_id, filename, identity, filetype, pyversion, size, sha256, requires_python, uploaded_at, uploaded_by, uploaded_with)
   select 'fil_' || lpad(to_hex(n), 10, '0') || lpad(to_hex(f), 16, '0'), ${PROJECT_ID}, ${RELEASE_ID},
     ${PROJECT_NAME} || '-1.0-' || f || '.whl', ${PROJECT_NAME} || '-1.0-' || f, 'bdist_wheel', 'py3', 1000,
     md5('a' || n || 'f' || f) || md5('b' || n || 'f' || f), '', ${SINCE}, ${ownerOf("n")}, 'bench'
   from generate_series(1, $1::int) n, generate_series(1, ${FILES_A_PROJECT}) f`,
];

/** Each of the owners in turn, so that each has one project or two. */
function ownerOf(project: string): string {
  return `'acc_' || lpad(to_hex(${whose(project)}), 10, '0') || substr(md5('acc' || ${whose(project)}), 1, 16)`;
}
function whose(project: string): string {
  return `(1 + ${project} % $2::int)`;
}

const CASES: readonly string[] = [
  `insert into api_tokens (id, account_id, name, digest, created_at)
   select ${id("tok")}, ${id("acc")}, 'laptop', sha256(convert_to('token' || n, 'UTF8')), now() - interval '200 days'
   from generate_series(1, $1::int) n`,
  `insert into recovery_cases (id, number, state, origin, cause, account_id, claimed_name, claimed_name_folded, contact_address,
     contact_folded, contact_confirmed_at, opened_at, opened_from_ip, opened_from_agent, state_since, policy_version, expires_at, story)
   select ${id("case")}, 'LK-' || lpad(to_hex(n), 4, '0') || '-0000', 'collecting', 'form', 'second-factor', ${id("acc")}, 'somebody',
     'somebody', 'me@elsewhere.example', 'me@elsewhere.example', now() - interval '1 day', now() - interval '1 day', '8.8.8.8', 'bench',
     now() - interval '1 day', 'bench', now() + interval '29 days', ''
   from generate_series(1, $1::int) n`,
];

/** What a case's proofs rest on, as it is in the tables. */
interface Ground {
  readonly case_id: string;
  readonly account_id: string;
  readonly address_id: string;
  readonly domain: string;
  readonly verified_at: Date;
  readonly token_id: string;
  readonly device_id: string;
}

/** Observations of things that are really there, so that looking again finds them as they were. */
const REAL: Readonly<Record<string, (ground: Ground) => object>> = {
  mailbox: ({ address_id: addressId, domain, verified_at }) => ({
    addressId,
    domain,
    firstDomain: domain,
    addedAt: verified_at.toISOString(),
    verifiedAt: verified_at.toISOString(),
  }),
  "api-token": ({ token_id: tokenId }) => ({ tokenId }),
  "known-device": ({ device_id: deviceId }) => ({ deviceId }),
  network: () => ({}),
};

const COLUMNS =
  "id text, case_id text, account_id text, kind text, kind_version int, policy_kind text, root text, verdict text, is_public boolean, bound_at timestamptz, observation jsonb";
const NAMES = COLUMNS.split(", ")
  .map((column) => column.split(" ")[0])
  .join(", ");
const AT_ONCE = 500;

/** Proofs of what is really there in each of the cases; in the first `whole` of them one of every kind there is. */
async function fillFindings(db: pg.Client, cases: number, whole: number): Promise<void> {
  for (let from = 1; from <= cases; from += AT_ONCE) {
    const { rows } = await db.query<Ground>(
      `select ${id("case")} as case_id, ${id("acc")} as account_id, a.id as address_id, a.domain, a.verified_at,
         ${id("tok")} as token_id, ${id("dev")} as device_id
       from generate_series($1::int, $2::int) n join addresses a on a.id = ${id("adr")} order by n`,
      [from, Math.min(cases, from + AT_ONCE - 1)],
    );
    const findings = rows.flatMap((ground, at) => findingsOf(ground, from + at, from + at <= whole));
    await db.query(
      `insert into findings (${NAMES}, observed_at, assessed_at, expires_at, claimant_text, reviewer_text, retain_until)
       select ${NAMES}, now() - interval '1 day', now() - interval '1 day', now() + interval '6 days', '', '', now() + interval '90 days'
       from jsonb_to_recordset($1::jsonb) as made (${COLUMNS})`,
      [JSON.stringify(findings)],
    );
  }
}

const findingsOf = (ground: Ground, number: number, isWhole: boolean): readonly object[] =>
  kinds.flatMap((kind, at) => {
    const real = REAL[kind.id];
    const [sample] = kind.samples.supports;
    if (!sample || !(isWhole || real)) return [];
    const observation = { ...(sample.observation as object), ...real?.(ground) }; // every kind's observation is an object
    const assessed = kind.assess(observation, SAMPLE_CONTEXT);
    return [
      {
        id: `fnd_${number.toString(16).padStart(10, "0")}${at.toString(16).padStart(16, "0")}`,
        case_id: ground.case_id,
        account_id: ground.account_id,
        kind: kind.id,
        kind_version: kind.version,
        policy_kind: assessed.policyKind,
        root: assessed.root,
        verdict: assessed.verdict,
        is_public: assessed.isPublic ?? false,
        bound_at: assessed.boundAt ?? null,
        observation,
      },
    ];
  });

/** Adds projects with their files, owned in turn by the first `owners` accounts. @returns how many files */
export async function fillIndex(connectionString: string, projects: number, owners: number): Promise<number> {
  return withClient(connectionString, async (db) => {
    for (const statement of INDEX)
      await db.query(statement, statement.includes("$2") ? [projects, owners] : [projects]);
    await db.query("vacuum (analyze)");
    return projects * FILES_A_PROJECT;
  });
}

/** Adds a pending case to each of the first accounts; the first `whole` have a proof of every kind. */
export async function fillCases(connectionString: string, cases: number, whole: number): Promise<void> {
  await withClient(connectionString, async (db) => {
    for (const statement of CASES) await db.query(statement, [cases]);
    await fillFindings(db, cases, whole);
    await db.query("vacuum (analyze)");
  });
}

async function withClient<T>(connectionString: string, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client({ connectionString });
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}
