import type { LedgerEntry, SallyportClient } from '@sallyport/sdk';
import { decodeReceipt } from '@sallyport/verifier';
import type { Command, Invocation, OptionName } from '../command.ts';
import { exitCodes, Failure } from '../failure.ts';
import { readPublished } from '../ledger-export.ts';
import { leavesInFolder } from '../ledger-folder.ts';
import { parseWhen } from '../time.ts';
import { renderApprovers, renderForeseen } from '../render-authority.ts';
import { readAction } from '../action-file.ts';
import { runGateway } from './gateway.ts';
import { policyChangeCommands } from './policy-changes.ts';

/** The gateway's program with the same words and options: it has the engine, and this package never imports it. */
function passOn(tool: string, invocation: Invocation, names: readonly OptionName[]): readonly string[] {
  const options = names.flatMap((name) => {
    const value = invocation.text(name);
    return value === null ? [] : [`--${name}`, value];
  });
  return [
    'policy',
    tool,
    ...options,
    ...(invocation.flag('json') ? ['--json'] : []),
    '--',
    ...invocation.arguments,
  ];
}

const check: Command = {
  name: 'policy check',
  arguments: [],
  summary: 'check policies without a gateway: what is wrong, and what does not do what it seems to',
  details: [
    'Says file, line and column for each error, with the offending word and the nearest right one; then rules that nothing can match, reviews that nobody could approve, and agents that nothing permits.',
    'Reads the configuration and none of its secrets. --dir is a folder of `*.cedar` files; default: the one that the configuration names.',
    'Ends with 2 where a gateway would not take the policies, with 6 where there are warnings.',
  ],
  options: ['config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('check', invocation, ['config', 'dir'])),
};

const test: Command = {
  name: 'policy test',
  arguments: [],
  summary: 'run the cases beside the policies, and say which rules no case reaches',
  details: [
    'Cases are in `*.test.yaml` files in the same folder: agent, target, and a statement or a described action; what is expected: the effect, the rules, the demands.',
    'Nothing is connected to. What a statement does depends on the tables of its target, so these are written down in the file, under `schema`.',
    'Ends with 6 where a case fails.',
  ],
  options: ['config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('test', invocation, ['config', 'dir'])),
};

const explain: Command = {
  name: 'policy explain',
  arguments: ['[ACTION]'],
  summary: 'say which rules decide on an action, what they read, and what would change the result',
  details: [
    'ACTION is the id of a recorded action or of its review: it is decided again from its entry in the ledger, under the policies of the folder.',
    'Or --sql, --agent and --target: the tables of the target are read from the `schema` of a `*.test.yaml` beside the policies; no target is asked.',
    'Changes are found by deciding again: each thing that the action does left out or bounded, alone and, where that is not enough, two at a time.',
  ],
  options: ['config', 'dir', 'sql', 'agent', 'target'],
  remote: true,
  run: async ({ invocation, client }) => {
    const args = passOn('explain', invocation, ['config', 'dir', 'sql', 'agent', 'target']);
    const [id] = invocation.arguments;
    return id === undefined ? runGateway(args) : runGateway(args, entriesOf(await client().receipt(id)));
  },
};

async function* entriesOf(receipt: string): AsyncGenerator<string, void, void> {
  const entries = decodeReceipt(receipt)?.entries;
  if (entries === undefined)
    throw new Failure('verification_failed', 'receipt.malformed', 'The gateway’s receipt is not one.');
  for (const { leaf } of entries) yield await Promise.resolve(leaf);
}

const replay: Command = {
  name: 'policy replay',
  arguments: [],
  summary: 'decide recorded actions again under a draft: newly held, newly allowed, newly denied',
  details: [
    'Compares with the policies of the configuration, both decided again from what the ledger holds of each action; says how many reviews a day more or less each group would have.',
    'Groups are those that agents have now, classes and everything else those of the record. What can’t be decided again is listed, and never counted as unchanged.',
    'The ledger is read from the gateway, or with --ledger from an export. Standing grants and joined reviews are not followed: the count of reviews is the most that it can be.',
  ],
  options: ['draft', 'since', 'config', 'dir', 'ledger'],
  remote: true,
  run: async ({ invocation, client, system }) => {
    const args = passOn('replay', invocation, ['draft', 'since', 'config', 'dir']);
    const directory = invocation.text('ledger');
    const leaves = directory === null ? await leavesOf(client()) : leavesInFolder(directory);
    const since = parseWhen(invocation.text('since') ?? '7d', system.nowMs());
    if (since === null)
      throw new Failure(
        'usage',
        'option.since',
        '--since is an age such as 7d, or a time such as 2026-11-21T09:30:00Z',
      );
    return runGateway(args, leaves);
  },
};

/** All that is published. */
async function leavesOf(client: SallyportClient): Promise<AsyncGenerator<string, void, void>> {
  const { checkpoint } = await readPublished(client);
  return textsOf(client.ledgerEntries(0, checkpoint.size));
}

async function* textsOf(entries: AsyncIterable<LedgerEntry>): AsyncGenerator<string, void, void> {
  for await (const { leaf } of entries) yield leaf;
}

const observe: Command = {
  name: 'policy observe',
  arguments: [],
  summary: 'report what an observed draft would have decided otherwise',
  details: [
    'A target’s `observe` names a draft, whose decisions are recorded beside those that are enforced. Nothing is decided again here: it is the record.',
    'The ledger is read from the gateway, or with --ledger from an export.',
  ],
  options: ['since', 'ledger'],
  remote: true,
  run: async ({ invocation, client }) => {
    const directory = invocation.text('ledger');
    const leaves = directory === null ? await leavesOf(client()) : leavesInFolder(directory);
    return runGateway(passOn('observe', invocation, ['since']), leaves);
  },
};

const whoCanApprove: Command = {
  name: 'policy who-can-approve',
  arguments: ['[ID]'],
  summary: 'say who can approve a review, a statement or a call, with why and why not',
  details: [
    'ID is that of a review: the gateway answers, with those on call, delegations and votes as they are now. Or that of a recorded action: it is decided again, and the configuration answers.',
    'Or --sql, --agent and --target, as for `policy explain`: no gateway is asked, and delegations are those of the configuration.',
    'Or --action FILE, or - for standard input, and --agent: the JSON that the agent would send to POST /v1/actions. The gateway answers, with what is in force now; nothing is attempted.',
    'Ends with 6 where there are too few people.',
  ],
  options: ['config', 'dir', 'sql', 'action', 'agent', 'target'],
  remote: true,
  run: async ({ invocation, client, output }) => {
    const [id] = invocation.arguments;
    const file = invocation.text('action');
    if (file !== null) {
      const agent = invocation.text('agent');
      if (agent === null || id !== undefined || invocation.text('sql') !== null)
        throw new Failure(
          'usage',
          'option.action',
          '--action FILE needs --agent NAME, and neither ID nor --sql',
        );
      const foreseen = await client().authority.foreseeApprovers({ agent, action: await readAction(file) });
      output.result(foreseen, (style) => renderForeseen(foreseen, style));
      return foreseen.demands.some(({ enough }) => !enough) ? exitCodes.verification_failed.code : undefined;
    }
    if (id?.startsWith('rev_') === true) {
      const approvers = await client().authority.approvers(id);
      return output.result(approvers, (style) => renderApprovers(approvers, style));
    }
    const args = passOn('who-can-approve', invocation, ['config', 'dir', 'sql', 'agent', 'target']);
    return id === undefined ? runGateway(args) : runGateway(args, entriesOf(await client().receipt(id)));
  },
};

const diff: Command = {
  name: 'policy diff',
  arguments: [],
  summary: 'show which rules a draft adds, removes and changes, part by part',
  details: ['Compares what the rules mean: white space, comments and order are no difference.'],
  options: ['draft', 'config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('diff', invocation, ['draft', 'config', 'dir'])),
};

const pack: Command = {
  name: 'policy pack',
  arguments: ['VERB', '[NAME]'],
  summary: 'list the packs of rules that come with Sallyport, or copy one into your policies',
  details: [
    '`policy pack list`; `policy pack add NAME`. What is copied is yours: rules in NAME.cedar, cases in NAME.test.yaml.',
    'Nothing is copied where a gateway would not take the directory afterwards, for want of a group for example.',
  ],
  options: ['config', 'dir'],
  remote: false,
  run: async ({ invocation }) => runGateway(passOn('pack', invocation, ['config', 'dir'])),
};

/** In the order of help. */
export const policyCommands: readonly Command[] = [
  check,
  test,
  explain,
  whoCanApprove,
  replay,
  observe,
  diff,
  pack,
  ...policyChangeCommands,
];
