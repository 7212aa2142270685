import { type ProposalRequest, type StandingGrant, StandingStatus } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderReplay, renderStanding, renderStandingSummary } from '../render-standing.ts';
import { digestOfTerms } from '../standing-digest.ts';
import { parseWhen } from '../time.ts';

const usage = (code: string, message: string): Failure => new Failure('usage', code, message);
const idOf = ({ invocation }: Context): string => invocation.arguments[0] ?? '';

const print = ({ output }: Context, grant: StandingGrant): void =>
  output.result(grant, (style) => renderStanding(grant, style, output.width));

const standingList: Command = {
  name: 'standing list',
  arguments: [],
  summary: 'list standing grants: leave for the like of one action',
  details: [],
  options: ['status', 'agent'],
  remote: true,
  run: async (context) => {
    const given = context.invocation.text('status') ?? 'live';
    const status = given === 'all' ? undefined : StandingStatus.safeParse(given).data;
    if (status === undefined && given !== 'all')
      throw usage('option.status', `--status is one of ${StandingStatus.options.join(', ')}, all`);
    const agent = context.invocation.text('agent');
    const filter = { ...(status === undefined ? {} : { status }), ...(agent === null ? {} : { agent }) };
    const { standingGrants, next } = await context.client().listStandingGrants({ ...filter, limit: 100 });
    if (next !== null) context.output.note('these are the newest 100; there are more');
    context.output.result({ standingGrants, next }, (style) =>
      standingGrants.length === 0
        ? 'there is none'
        : standingGrants.map((grant) => renderStandingSummary(grant, style)).join('\n'),
    );
  },
};

const standingShow: Command = {
  name: 'standing show',
  arguments: ['ID'],
  summary: 'show one standing grant whole, with every use',
  details: [],
  options: [],
  remote: true,
  run: async (context) => print(context, await context.client().getStandingGrant(idOf(context))),
};

const proposalOptions = ['fields', 'uses', 'rows', 'for'] as const;

const standingPropose: Command = {
  name: 'standing propose',
  arguments: ['REVIEW'],
  summary: 'propose leave for the like of an action under review, which people then vote on',
  details: [
    'Without --fields nothing may differ. A field is named as `sallyport standing preview` or the proposal shows it.',
    'For example --fields \'{"literal 1": ["CH", "DE"], "$2": {"order": "number", "min": "1", "max": "500"}}\'.',
  ],
  options: [...proposalOptions, 'reason'],
  remote: true,
  run: async (context) => {
    const reason = context.invocation.text('reason') ?? '';
    const proposal = { ...termsOf(context), reason };
    print(context, await context.client().proposeStandingGrant(idOf(context), proposal));
  },
};

const standingPreview: Command = {
  name: 'standing preview',
  arguments: ['ID'],
  summary: 'show which recorded actions of the last seven days it would have covered',
  details: ['ID is a standing grant, or a review with the options of `standing propose`.'],
  options: [...proposalOptions],
  remote: true,
  run: async (context) => {
    const id = idOf(context);
    const ask = id.startsWith('std_') ? { standing: id } : { review: id, ...termsOf(context) };
    const replay = await context.client().previewStandingGrant(ask);
    context.output.result(replay, (style) => renderReplay(replay, style));
  },
};

const standingApprove: Command = {
  name: 'standing approve',
  arguments: ['ID'],
  summary: 'show a proposal whole, ask, and approve exactly that',
  details: ['The vote carries the digest of the terms that were shown, computed here.'],
  options: ['yes', 'reason'],
  remote: true,
  run: async (context) => {
    const { output, invocation } = context;
    if (!output.interactive && !invocation.flag('yes'))
      throw new Failure(
        'refused',
        'approve.unconfirmed',
        'An approval needs a person at a terminal, or --yes.',
      );
    const grant = await readExact(context);
    if (output.interactive) print(context, grant);
    if (!invocation.flag('yes') && !(await output.confirm('\nApprove exactly this?')))
      throw new Failure('refused', 'approve.declined', 'Nothing was approved.');
    await vote(context, grant, 'approve');
  },
};

const standingReject: Command = {
  name: 'standing reject',
  arguments: ['ID'],
  summary: 'reject a proposal, with the reason',
  details: [],
  options: ['reason'],
  remote: true,
  run: async (context) => vote(context, await readExact(context), 'reject'),
};

const standingRevoke: Command = {
  name: 'standing revoke',
  arguments: ['ID'],
  summary: 'end a standing grant, or a proposal, at once',
  details: [],
  options: ['reason'],
  remote: true,
  run: async (context) => {
    const reason = context.invocation.text('reason') ?? '';
    if (reason.trim() === '') throw usage('vote.reason_required', 'A revocation needs --reason TEXT.');
    const revocation = { reason, channel: 'cli' } as const;
    print(context, await context.client().revokeStandingGrant(idOf(context), revocation));
  },
};

/** In the order of help. */
export const standingCommands: readonly Command[] = [
  standingList,
  standingShow,
  standingPropose,
  standingPreview,
  standingApprove,
  standingReject,
  standingRevoke,
];

/** The grant, if what it shows is what its digest says (law 6). */
async function readExact(context: Context): Promise<StandingGrant> {
  const grant = await context.client().getStandingGrant(idOf(context));
  if (digestOfTerms(grant) === grant.digest) return grant;
  const detail = 'The gateway shows other terms than those that are voted on. Nothing was sent.';
  throw new Failure('verification_failed', 'vote.digest_mismatch', detail);
}

async function vote(context: Context, shown: StandingGrant, kind: 'approve' | 'reject'): Promise<void> {
  const reason = context.invocation.text('reason') ?? '';
  const { digest, rendering } = shown;
  const ballot = { kind, reason, digest, rendering, channel: 'cli' } as const;
  print(context, await context.client().voteOnStandingGrant(shown.id, ballot));
}

function termsOf({ invocation, system }: Context): Omit<ProposalRequest, 'reason'> {
  const lasts = invocation.text('for') ?? '2h';
  const ago = /^\d{1,3}[smh]$/.test(lasts) ? parseWhen(lasts, system.nowMs()) : null;
  if (ago === null) throw usage('option.for', '--for is a number and s, m or h: 45m, 2h');
  const untilMs = 2 * system.nowMs() - Date.parse(ago);
  const rows = invocation.text('rows');
  return {
    constraints: constraintsOf(invocation.text('fields')),
    maxUses: wholeNumber('uses', invocation.text('uses') ?? '1'),
    ...(rows === null ? {} : { maxRows: wholeNumber('rows', rows) }),
    validUntil: new Date(untilMs).toISOString(),
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usage(`option.${option}`, `--${option} is a whole number`);
  return Number(text);
}

/** Text or null: exactly that; a list: one of these; an object with `min` and `max`: a range. */
function constraintsOf(json: string | null): NonNullable<ProposalRequest['constraints']> {
  if (json === null) return [];
  try {
    const fields = JSON.parse(json) as Record<string, string | null | string[] | Range>;
    return Object.entries(fields).map(([field, allowed]) => {
      if (typeof allowed === 'string' || allowed === null)
        return { field, constraint: { kind: 'equals', value: allowed } };
      if (Array.isArray(allowed)) return { field, constraint: { kind: 'oneOf', values: allowed } };
      return { field, constraint: { ...allowed, kind: 'range' } };
    });
  } catch {
    throw usage('option.fields', '--fields is a JSON object from the names of fields to what they may be');
  }
}

interface Range {
  readonly order: 'number' | 'date' | 'timestamp';
  readonly min: string;
  readonly max: string;
}
