import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyChange } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { digestOfChange } from '../policy-digest.ts';
import { renderChange, renderChanges, renderPolicies } from '../render-authority.ts';

const idOf = ({ invocation }: Context): string => invocation.arguments[0] ?? '';

const print = ({ output }: Context, change: PolicyChange): void =>
  output.result(change, (style) => renderChange(change, style, output.width));

async function filesIn(directory: string): Promise<{ name: string; text: string }[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.cedar')).sort();
    return await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(directory, name), 'utf8') })),
    );
  } catch {
    throw new Failure('not_found', 'policies.unreadable', `${directory} can’t be read`);
  }
}

const propose: Command = {
  name: 'policy propose',
  arguments: ['DIR'],
  summary: 'propose the policies of a folder; another person decides, and then they are in force',
  details: [
    'All *.cedar files of the folder are what the gateway is to have. They are checked, and decided again over the recorded actions of the last days; everything is shown to whoever decides.',
    'They are proposed against the policies that are in force now: if those change before somebody decides, it is refused. An agent’s credential can’t propose anything.',
  ],
  options: ['reason'],
  remote: true,
  run: async (context) => {
    const { client, invocation } = context;
    const reason = invocation.text('reason') ?? '';
    if (reason.trim() === '')
      throw new Failure('usage', 'policy_change.reason_required', 'A change needs --reason TEXT.');
    const files = await filesIn(idOf(context));
    const { authority } = client();
    const { version } = await authority.policies();
    print(context, await authority.proposePolicies({ base: version, reason, files }));
  },
};

const changes: Command = {
  name: 'policy changes',
  arguments: [],
  summary: 'list the changes of policy that people proposed',
  details: [],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const page = await client().authority.listPolicyChanges();
    output.result(page, (style) => renderChanges(page.changes, style));
  },
};

const change: Command = {
  name: 'policy change',
  arguments: ['ID'],
  summary: 'show one change of policy whole: rules, files, and what it would have decided otherwise',
  details: [],
  options: [],
  remote: true,
  run: async (context) => print(context, await context.client().authority.getPolicyChange(idOf(context))),
};

/** The change, if what it shows is what its digest says, and what the person was shown elsewhere. */
async function readExact(context: Context): Promise<PolicyChange> {
  const read = await context.client().authority.getPolicyChange(idOf(context));
  const expected = context.invocation.text('digest')?.toLowerCase() ?? read.digest;
  if (read.digest === expected && digestOfChange(read) === expected) return read;
  const detail = 'What the gateway shows is not what its digest says, or not what --digest names.';
  throw new Failure('conflict', 'policy_change.digest_mismatch', detail);
}

const approve: Command = {
  name: 'policy approve',
  arguments: ['ID'],
  summary: 'show a change of policy whole, ask, and put exactly that into force',
  details: [
    'Nobody approves what they proposed. The vote carries the digest of what was shown, computed here.',
    'Without a terminal, or with --json, it needs --yes.',
  ],
  options: ['digest', 'yes', 'reason'],
  remote: true,
  run: async (context) => {
    const { client, invocation, output } = context;
    const isSure = invocation.flag('yes');
    if (!output.interactive && !isSure)
      throw new Failure(
        'refused',
        'approve.unconfirmed',
        'An approval needs a person at a terminal, or --yes.',
      );
    const read = await readExact(context);
    if (output.interactive) print(context, read);
    if (!isSure && !(await output.confirm('\nPut exactly this into force?')))
      throw new Failure('refused', 'approve.declined', 'Nothing was approved.');
    const vote = { kind: 'approve', digest: read.digest, reason: invocation.text('reason') ?? '' } as const;
    const done = await client().authority.voteOnPolicies(read.id, vote);
    output.result(done, (style) => `${style.green('In force.')} ${done.version}`);
  },
};

const reject: Command = {
  name: 'policy reject',
  arguments: ['ID'],
  summary: 'reject a change of policy, with the reason',
  details: [],
  options: ['digest', 'reason'],
  remote: true,
  run: async (context) => {
    const reason = context.invocation.text('reason') ?? '';
    const read = await readExact(context);
    const vote = { kind: 'reject', digest: read.digest, reason } as const;
    const done = await context.client().authority.voteOnPolicies(read.id, vote);
    context.output.result(done, (style) => style.red('Rejected.'));
  },
};

const withdraw: Command = {
  name: 'policy withdraw',
  arguments: ['ID'],
  summary: 'take your own proposal back',
  details: [],
  options: [],
  remote: true,
  run: async (context) => print(context, await context.client().authority.withdrawPolicies(idOf(context))),
};

const status: Command = {
  name: 'policy status',
  arguments: [],
  summary: 'say which policies are in force, and which drafts are observed only',
  details: ['What is observed and not enforced is red at a terminal.'],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const policies = await client().authority.policies();
    output.result(policies, (style) => renderPolicies(policies, style));
  },
};

/** In the order of help. */
export const policyChangeCommands: readonly Command[] = [
  status,
  propose,
  changes,
  change,
  approve,
  reject,
  withdraw,
];
