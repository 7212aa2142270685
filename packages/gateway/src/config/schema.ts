import { z } from 'zod';
import { limits } from '../limits.ts';
import { canariesOf } from './schema-canaries.ts';
import { delegation, group } from './schema-authority.ts';
import { channels } from './schema-channels.ts';
import { slackAccount } from './schema-slack.ts';
import { teamsAccount } from './schema-teams.ts';
import {
  clockTime,
  DATE,
  host,
  name,
  names,
  ORIGIN,
  port,
  secretReference,
  text,
  TIME_ZONE,
  weekdays,
} from './schema-parts.ts';

/** Every option of sallyport.yaml. The reference page is generated from here; nothing is documented elsewhere. */

const listen = z
  .strictObject({
    postgres: z
      .strictObject({
        host: host('Address to listen on.').default('127.0.0.1'),
        port: port('Port for PostgreSQL clients.').default(6543),
        tls: z
          .strictObject({
            certificateFile: text('PEM file of the certificate chain.'),
            privateKey: secretReference.describe('The certificate’s key, in PEM.'),
          })
          .optional()
          .describe(
            'The certificate that clients see. Without it, one is made at the first start. Plain text is taken on loopback only.',
          ),
      })
      .prefault({})
      .describe('Where agents connect with a PostgreSQL driver.'),
    api: z
      .strictObject({
        host: host('Address to listen on.').default('127.0.0.1'),
        port: port('Port of the HTTP API.').default(7543),
        publicUrl: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe(
            'How people reach the API, for links; default: `http://HOST:PORT`. Outside of loopback it has to be https.',
          ),
      })
      .prefault({})
      .describe('Where people, the CLI and the SDK connect.'),
  })
  .prefault({})
  .describe('Where the gateway listens.');

const target = z.strictObject({
  name: name('Unique among targets. PostgreSQL clients choose it as the database name.'),
  protocol: z
    .enum(['postgresql', 'api'])
    .describe(
      'How to speak to it. `api`: the gateway doesn’t; agents submit what they are about to do (`POST /v1/actions`), and only name and environment are configured.',
    ),
  environment: name(
    'Policies speak of it. Everything but development, dev, local, sandbox, staging and test counts as production.',
  ),
  host: host('Host name or address of the server. Required for postgresql.').optional(),
  port: port('Port of the server.').default(5432),
  database: text('The database there; default: the target’s name.').optional(),
  tls: z
    .enum(['verify-full', 'require', 'disable'])
    .optional()
    .describe(
      '`verify-full`: encrypted, certificate and host name checked. `require`: encrypted, but anybody could answer. `disable`: plain text. Default: `verify-full`, on loopback `disable`.',
    ),
  caFile: text(
    'PEM file of the certificates that may sign the server’s; default: those of the system.',
  ).optional(),
  user: text(
    'The role that the gateway signs in as; required for postgresql. Agents never learn its password.',
  ).optional(),
  password: secretReference.optional(),
  maxConnections: z
    .int()
    .min(1)
    .max(10_000)
    .default(limits.upstreamPerTarget)
    .describe('Most connections to the server; sessions beyond wait for a free one.'),
  preview: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether the gateway asks the server what a held action would do, estimates, counts, locks; and whether what a statement names is there at all, before a person is asked. Over at most four further connections. Nothing of the action runs.',
    ),
  observe: text(
    'Folder of `*.cedar` files, a draft: what it would decide on actions of this target is recorded beside what is decided, and never enforced. `sallyport policy observe` reports it.',
  ).optional(),
});

const agent = z.strictObject({
  name: name('Unique among agents and people. PostgreSQL clients sign in with it as user.'),
  sponsor: name('The person who answers for the agent, and for whom it acts.'),
  groups: names('Groups that the agent is in.'),
  mayActFor: names('People for whom the agent may say that it acts.'),
  credentialOwner: name(
    'The person who holds the agent’s credential, and never decides on its actions; default: the sponsor.',
  ).optional(),
  credential: z
    .strictObject({
      scram: secretReference.describe(
        'The SCRAM-SHA-256 verifier of the agent’s token: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.',
      ),
    })
    .optional()
    .describe('How the agent proves who it is. Required, but for a canary, which has none.'),
  canary: z
    .strictObject({
      client: host('The address that its requests are said to come from.'),
    })
    .optional()
    .describe(
      'Nobody connects as this agent: the gateway itself asks in its name, for what nobody should approve (`attention.canaries`).',
    ),
});

const person = z.strictObject({
  name: name('Unique among agents and people.'),
  displayName: text('How the person is shown; default: the name.').optional(),
  identity: text(
    'Who this is, whatever account they use, such as a personnel number: accounts of one identity count as one person. Default: the name.',
  ).optional(),
  groups: names('Groups that the person is in.'),
  disabled: z.boolean().default(false).describe('A disabled person stays in the records and can do nothing.'),
  slack: slackAccount.optional(),
  teams: teamsAccount.optional(),
  email: z
    .email()
    .max(320)
    .optional()
    .describe('The person’s address, for channels that may know people by it.'),
  credential: z
    .strictObject({
      tokenSha256: secretReference.describe(
        'SHA-256 of the person’s token, 64 lower-case hexadecimal digits.',
      ),
    })
    .optional()
    .describe('How the person proves who they are. Without it they can’t sign in.'),
});

const classNames = (what: string) => z.array(name('A class.')).default([]).describe(what);

const dataClass = z.strictObject({
  name: name('Unique among classes, those that come with Sallyport included.'),
  description: text('What data it is.'),
});

const catalogEntry = z.strictObject({
  target: name('The target that holds the data.'),
  dataset: text('Full name of a dataset, `schema.table`; `*` stands for any characters.'),
  columns: z
    .record(z.string().min(1), z.array(name('A class.')).min(1))
    .default({})
    .describe('Classes by column name; `*` stands for any characters.'),
  classes: classNames('Classes of every column, and of the dataset as a whole.'),
  owner: name('The person or group that owns the data.').optional(),
  compliance: z
    .array(text('A framework or rule.'))
    .default([])
    .describe('What obliges you to protect it, e.g. `GDPR`.'),
});

const calendar = z.strictObject({
  name: name('Unique among calendars. Policies name it: `@calendar("NAME")`.'),
  timeZone: z
    .string()
    .regex(TIME_ZONE, 'a name of the IANA time zone data base is expected, such as Europe/Berlin or UTC')
    .describe(
      'IANA time zone in which hours and holidays are meant, such as `Europe/Berlin`. Daylight saving is followed.',
    ),
  hours: z
    .array(
      z.strictObject({
        days: z.array(z.enum(weekdays)).min(1).max(weekdays.length).describe('Days of the week.'),
        from: clockTime('Where they begin, such as `"09:00"`.'),
        to: clockTime(
          'Where they end, at most `"24:00"`. Hours over midnight are two entries: until `"24:00"`, and from `"00:00"` of the next day.',
        ),
      }),
    )
    .max(limits.hoursPerCalendar)
    .default([])
    .describe('Working hours. A day may have several that do not overlap.'),
  holidays: z
    .array(z.string().regex(DATE, 'a date is expected, such as 2026-12-25').describe('A date.'))
    .max(limits.holidaysPerCalendar)
    .default([])
    .describe('Dates without working hours, such as `2026-12-25`.'),
  days: z
    .array(
      z.strictObject({
        from: z.string().regex(DATE, 'a date is expected, such as 2026-12-20').describe('The first date.'),
        to: z.string().regex(DATE, 'a date is expected, such as 2027-01-05').describe('The last date.'),
      }),
    )
    .max(limits.daySpansPerCalendar)
    .default([])
    .describe(
      'Dates that belong to the calendar from midnight to midnight, whatever hours and holidays say: a freeze, for example. Policies ask for them: `context.calendars.contains("NAME")`. A calendar with days and without hours is for that alone.',
    ),
});

const policies = z
  .strictObject({
    directory: text('Folder of `*.cedar` files; default: the policies that come with Sallyport.').optional(),
  })
  .prefault({})
  .describe('Who may do what.');

const upTo = (most: number, usual: number, what: string) =>
  z.int().min(1).max(most).default(usual).describe(what);
const DAY_MS = 86_400_000;

const bounds = z
  .strictObject({
    statementBytes: upTo(limits.statementBytes, limits.statementBytes, 'Longest statement.'),
    parameterBytes: upTo(limits.parameterBytes, limits.parameterBytes, 'Bound values of one statement.'),
    statementsPerText: upTo(limits.statementsPerText, limits.statementsPerText, 'Statements in one text.'),
    sessionsPerAgent: upTo(100_000, limits.sessionsPerAgent, 'Connections of one agent.'),
    pendingReviewsPerAgent: upTo(
      100_000,
      limits.pendingReviewsPerAgent,
      'Reviews of one agent that wait at once.',
    ),
    reviewsPerAgentPerMinute: upTo(
      100_000,
      limits.reviewsPerAgentPerMinute,
      'Reviews that one agent may open in a minute, in the long run. What is beyond is denied, with the time to back off.',
    ),
    reviewsPerAgentBurst: upTo(
      100_000,
      limits.reviewsPerAgentBurst,
      'Reviews that one agent may open at once, after a rest.',
    ),
    holdMs: upTo(7 * DAY_MS, limits.holdMs, 'How long a client waits outside of a transaction.'),
    holdInTransactionMs: upTo(
      DAY_MS,
      limits.holdInTransactionMs,
      'How long a client waits inside of a transaction, whose locks wait with it.',
    ),
    holdNoticeMs: upTo(
      DAY_MS,
      limits.holdNoticeMs,
      'How often a waiting client is told that it still waits.',
    ),
    grantAwayMs: upTo(
      limits.grantAwayMs,
      limits.grantAwayMs,
      'How long an approval can be used by a client that was away.',
    ),
  })
  .prefault({})
  .describe('Bounds of the gateway.');

const witness = z
  .strictObject({
    key: text('Its verifier key for cosignatures (C2SP tlog-cosignature): `NAME+HASH+KEY`.'),
    url: z
      .url({ protocol: /^https?$/ })
      .describe('Its submission prefix (C2SP tlog-witness): `/add-checkpoint` follows it.'),
  })
  .describe('Somebody who signs checkpoints of your ledger, and never two that contradict each other.');

const ledger = z
  .strictObject({
    key: z
      .strictObject({
        pkcs11: z.strictObject({
          module: text('The PKCS #11 module, a shared library. `pkcs11-tool` (OpenSC) has to be installed.'),
          token: text('The label of the token.'),
          pin: secretReference.describe('The PIN of the token’s user.'),
        }),
      })
      .optional()
      .describe('What holds the ledger’s key. Without it, a file of the state folder does.'),
    witnesses: z
      .array(witness)
      .max(limits.witnesses)
      .default([])
      .describe('Without any, nothing shows that the ledger was shortened or replaced.'),
    witnessQuorum: z
      .int()
      .min(0)
      .max(limits.witnesses)
      .default(0)
      .describe(
        'How many of them have to cosign a checkpoint before it is published. 0: whoever answers in time cosigns, and nobody is missed.',
      ),
    whenWitnessesAreAway: z
      .enum(['publish-without-them', 'publish-nothing'])
      .default('publish-without-them')
      .describe(
        'What happens while fewer than `witnessQuorum` answer. `publish-without-them`: checkpoints are published with the cosignatures that there are, and the log says so. `publish-nothing`: the last one stays until they are back, and receipts of newer actions wait with it.',
      ),
    publish: z
      .strictObject({
        directory: text(
          'A folder apart from the state folder; one gateway writes it. It is made where its parent exists.',
        ),
      })
      .optional()
      .describe(
        'Writes the published ledger as files, for any static web server: `checkpoint`, `vkey`, `tile/…` (C2SP tlog-tiles). They are readable by everybody on this machine: entries hold names, counts, times and commitments, and no values.',
      ),
  })
  .prefault({})
  .describe('The ledger’s key, its witnesses, and the folder in which it is published.');
const canaries = canariesOf({ name, text });
const attention = z
  .strictObject({
    approvalsPerHour: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'Approvals of one person in an hour; the next one is refused with the time from which it counts again. Rejections and questions always count. Default: no bound.',
      ),
    wordsPerMinute: upTo(
      100_000,
      600,
      'How fast somebody can read at most, in words of six characters. What is decided sooner counts as decided without reading, in `sallyport attention`; nothing is refused for it.',
    ),
    minimumReadingMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(1_000)
      .describe('The least time that reading takes, however little there is to read.'),
    canaries,
  })
  .prefault({})
  .describe('What is asked of reviewers, and how their decisions are measured.');

const list = <T extends z.ZodType>(entry: T, what: string) => z.array(entry).default([]).describe(what);

export const configurationSchema = z.strictObject({
  origin: z
    .string()
    .regex(ORIGIN, 'letters, digits and . _ ~ / : - are allowed, at most 200')
    .describe(
      'The name of your ledger, for ever part of every checkpoint: a URL without scheme, such as `sallyport.example.com/ledger`.',
    ),
  ledger,
  state: text('Folder for the store, keys and certificates (mode 0700).').default('state'),
  listen,
  targets: list(target, 'What the gateway protects.'),
  agents: list(agent, 'Who acts.'),
  people: list(person, 'Who decides and reads.'),
  groups: list(group, 'Groups of agents and people.'),
  delegations: list(
    delegation,
    'Rights to decide that people hand to others for a time. What is taken out ends at the next start; `sallyport delegation` makes and ends them at once.',
  ),
  classes: list(dataClass, 'Classes of data of your own.'),
  catalog: list(catalogEntry, 'Which data is classified how. Every entry that matches adds its classes.'),
  calendars: z
    .array(calendar)
    .max(limits.calendars)
    .default([])
    .describe('Working hours, in which delays of policies may count.'),
  policies,
  limits: bounds,
  attention,
  channels,
});

export type RawConfiguration = z.output<typeof configurationSchema>;
export type SecretReference = z.output<typeof secretReference>;

/** Classes that come with Sallyport: the policy pack speaks of them. */
export const builtInClasses = {
  public: 'Anybody may see it.',
  internal: 'For everybody inside; nothing in it harms a person.',
  confidential: 'For few inside: salaries, contracts, plans.',
  pii: 'Tells who a person is or how to reach them.',
  pci: 'Payment card data.',
  phi: 'Somebody’s health.',
  secret: 'Passwords, keys, tokens: whoever has it can act.',
  untrusted: 'Text that outsiders wrote, such as messages and tickets: it may tell an agent what to do.',
} as const;
