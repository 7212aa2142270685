import type { LedgerEntry, SallyportClient } from '@sallyport/sdk';
import { commitmentOf, decodeReceipt, verifyLog } from '@sallyport/verifier';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { readPublished } from '../ledger-export.ts';
import { platform } from '../platform.ts';
import type { BoundValue } from '../reconcile/parameters.ts';
import { LedgerSide, type Sent } from '../reconcile/ledger-side.ts';
import { inFile, LogFiles } from '../reconcile/log-files.ts';
import { CLOCK_MARGIN_MS, Reconciler } from '../reconcile/reconcile.ts';
import { renderReconcile } from '../render-reconcile.ts';

/** Receipts that are asked for at once. */
const RECEIPTS_AT_ONCE = 8;
const failedVerification = 6;

export const ledgerReconcile: Command = {
  name: 'ledger reconcile',
  arguments: ['LOG', '[LOG…]'],
  summary: 'compare the ledger with a target’s own log: what reached it without the gateway',
  details: [
    'LOG is a file of PostgreSQL 14 or newer, written with log_destination = csvlog and log_statement = all, a rotated one (.csv.gz) or a folder of them.',
    'Lists statements that reached the target without the gateway, what the ledger says was sent and the log lacks, what differs in text, bound values or outcome, and records that were taken out of the log.',
    'Verifies the whole ledger on the way. The text of each action comes from its receipt and is held against its commitment; where it is erased, statements are counted.',
    'Ends with 6 where they do not agree.',
  ],
  options: ['target', 'user', 'database', 'key'],
  remote: true,
  run: async (context) => {
    const { invocation, output, client: connect } = context;
    const target = invocation.text('target');
    if (target === null) throw new Failure('usage', 'option.target', '--target NAME: whose log it is');
    // First how long the log is, then the ledger: what is in the one is then in the other.
    const files = await LogFiles.open(invocation.arguments);
    const client = connect();
    const ledger = await readLedger(target, client, context);
    await readTexts(ledger, client, files.fromMs - CLOCK_MARGIN_MS);
    const scope = { user: invocation.text('user'), database: invocation.text('database') };
    const reconciler = new Reconciler(ledger, scope);
    for await (const record of files.records()) inFile(record.file, () => reconciler.observe(record));
    const report = { target, ...reconciler.end(), unfinished: files.unfinished };
    output.result(report, (style) => renderReconcile(report, style));
    return report.ok ? undefined : failedVerification;
  },
};

/** An altered ledger proves nothing about a target: it is verified on the way. */
async function readLedger(
  target: string,
  client: SallyportClient,
  { invocation }: Context,
): Promise<LedgerSide> {
  const { vkey, note, checkpoint } = await readPublished(client);
  const ledger = new LedgerSide(target);
  const report = await verifyLog({
    entries: observed(client.ledgerEntries(0, checkpoint.size), ledger),
    checkpoint: note,
    earlier: [],
    trustedKey: invocation.text('key') ?? vkey,
    ...platform,
  });
  const [finding] = report.findings;
  if (finding !== undefined) {
    const detail = 'The ledger itself does not verify: `sallyport ledger verify` says where.';
    throw new Failure('verification_failed', finding.code, detail);
  }
  if (ledger.count === 0 && ledger.targets.size > 0) {
    const detail = `The ledger has no action of ${target}; of PostgreSQL it has ${[...ledger.targets].join(', ')}.`;
    throw new Failure('not_found', 'target.unknown', detail);
  }
  return ledger;
}

async function* observed(
  entries: AsyncIterable<LedgerEntry>,
  ledger: LedgerSide,
): AsyncGenerator<LedgerEntry, void, void> {
  for await (const entry of entries) {
    ledger.observe(entry.index, entry.leaf);
    yield entry;
  }
}

/** What is older than the log can't be in it. */
async function readTexts(ledger: LedgerSide, client: SallyportClient, sinceMs: number): Promise<void> {
  const sents = [...ledger.all()].filter(({ atMs }) => atMs >= sinceMs)[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = sents.next(); next.done !== true; next = sents.next()) await readText(next.value, client);
  };
  await Promise.all(Array.from({ length: RECEIPTS_AT_ONCE }, work));
}

async function readText(sent: Sent, client: SallyportClient): Promise<void> {
  const receipt = decodeReceipt(await client.receipt(sent.action));
  const aside = receipt?.entries.find(({ index }) => index === sent.index)?.aside;
  if (aside === undefined) throw unsound(sent, 'has no such entry');
  if (aside === null) return;
  if ((await commitmentOf(aside, platform.hash)) !== sent.commitment)
    throw unsound(sent, 'is not of what the ledger commits to');
  const { command = null, parameters = null } = formOf(aside);
  sent.text = command;
  sent.parameters = parameters;
}

const unsound = (sent: Sent, what: string): Failure =>
  new Failure('verification_failed', 'receipt.malformed', `The gateway’s receipt of ${sent.action} ${what}.`);

interface Form {
  readonly command?: string;
  readonly parameters?: readonly BoundValue[];
}

/** The commitment has been checked, so this is what the gateway wrote. */
function formOf(aside: string): Form {
  const { form } = JSON.parse(aside) as { readonly form?: unknown };
  return typeof form === 'string' ? (JSON.parse(form) as Form) : {};
}
