import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openUnderPolicy, parsePolicy, refuseWitnesses, verifyLog, verifyReceipt } from '@sallyport/verifier';
import type { FolderReport, TrustPolicy } from '@sallyport/verifier';
import type { Command, Context, Invocation } from '../command.ts';
import { readText, reasonOf } from '../connection.ts';
import { Failure } from '../failure.ts';
import { readPublished, writeExport } from '../ledger-export.ts';
import { isDirectory, verifyDirectory } from '../ledger-folder.ts';
import { platform } from '../platform.ts';
import { renderFolder, renderWitnesses } from '../render-evidence.ts';
import { type LedgerVerdict, renderLedgerVerdict, renderReceipt } from '../render-reports.ts';
import { parseWhen } from '../time.ts';

export const ledgerVerify: Command = {
  name: 'ledger verify',
  arguments: [],
  summary: 'verify the whole ledger, here, trusting nobody but its key',
  details: [
    'Reads the ledger from the gateway, or with --dir from a folder that `ledger export` wrote, or from a gateway’s state folder or a copy of it; that needs no network.',
    'Without --key it takes the key that the ledger itself names: then it proves that nothing was changed by others.',
    'With --policy it asks for the cosignatures of witnesses, and says who has seen the ledger, and when. Without them it says what cannot be proved: that nothing was cut off or replaced.',
  ],
  options: ['dir', 'key', 'kept', 'policy'],
  remote: true,
  run: async (context) => {
    const { invocation, output } = context;
    const directory = invocation.text('dir');
    const verdict =
      directory === null ? await verifyRemote(context) : await verdictOn(directory, context.invocation);
    output.result(verdict, (style) => renderLedgerVerdict(verdict, style));
    return verdict.report.ok ? undefined : failedVerification;
  },
};

/** The checkpoint first, then the entries that it commits to: later ones belong to a later checkpoint. */
async function verifyRemote({ client: connect, invocation }: Context): Promise<LedgerVerdict> {
  const client = connect();
  const { vkey, note, checkpoint } = await readPublished(client);
  const [key, kept, policy] = [invocation.text('key'), invocation.text('kept'), invocation.text('policy')];
  const cosigned = policy === null ? [] : await requireQuorum(note, policy);
  const report = await verifyLog({
    entries: client.ledgerEntries(0, checkpoint.size),
    checkpoint: note,
    earlier: kept === null ? [] : [readText(kept)],
    trustedKey: key ?? vkey,
    ...platform,
  });
  // Whoever cosigned holds that nobody was shown another log up to here, as a kept checkpoint does.
  const unproved = report.unproved.filter(({ code }) => cosigned.length === 0 || code !== 'replacement');
  const shown = { ...report, unproved };
  return { origin: checkpoint.origin, key: key ?? vkey, keyGiven: key !== null, cosigned, report: shown };
}

/** A ledger that names its own key may be consistent; `verify` asks for more. */
async function verdictOn(directory: string, invocation: Invocation): Promise<LedgerVerdict> {
  const folder = await verifyDirectory(directory, invocation);
  const { origin, key, size, consistent } = folder;
  const report = { ...folder, ok: consistent, covered: size };
  return {
    origin: origin ?? 'an unknown ledger',
    key: key ?? '',
    keyGiven: invocation.text('key') !== null,
    cosigned: folder.cosigned,
    report,
  };
}

/** The verdict has been printed, so only the exit code is left to say. */
const failedVerification = 6;

async function policyIn(file: string): Promise<TrustPolicy> {
  const parsed = await parsePolicy(readText(file), platform.hash);
  if (parsed.ok) return parsed.policy;
  throw new Failure('usage', 'policy.malformed', `${file}, line ${parsed.line}: ${parsed.detail}`);
}

/** Resolves with who of the policy's witnesses has seen the log as it is, and when. */
async function requireQuorum(note: string, file: string): Promise<FolderReport['cosigned']> {
  const opened = await openUnderPolicy(note, await policyIn(file), platform.verify);
  if (opened.ok)
    return opened.cosignatures.map(({ key, timestampSeconds }) => ({ witness: key.name, timestampSeconds }));
  const detail = 'The policy does not accept the gateway’s checkpoint.';
  throw new Failure('verification_failed', opened.code, detail);
}

export const ledgerExport: Command = {
  name: 'ledger export',
  arguments: ['DIR'],
  summary: 'write the ledger, or a time of it, to a folder that verifies elsewhere',
  details: [
    'The layout is that of C2SP tlog-tiles: `checkpoint`, hashes and bundles of entries in `tile/`; besides `manifest.json` with the query and counts, the key in `vkey`, and a `policy` to begin with.',
    'Entries stand in bundles of 256, so neighbours of those that fit are there too. `sallyport verify DIR` checks it, anywhere, without the gateway.',
  ],
  options: ['since', 'until'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const directory = invocation.arguments[0] ?? '';
    const query = {
      since: timeOf('since', invocation, system.nowMs()),
      until: timeOf('until', invocation, system.nowMs()),
    };
    const { entries, fitting } = await writeExport(directory, client(), query);
    output.result({ directory, entries, fitting }, () => `${fitting} entries in ${directory}`);
  },
};

function timeOf(name: 'since' | 'until', invocation: Invocation, nowMs: number): number | null {
  const given = invocation.text(name);
  if (given === null) return null;
  const instant = parseWhen(given, nowMs);
  if (instant !== null) return Date.parse(instant);
  const detail = `--${name} is a time such as 2026-11-21T09:30:00Z, or an age such as 7d`;
  throw new Failure('usage', `option.${name}`, detail);
}

export const ledgerErase: Command = {
  name: 'ledger erase',
  arguments: [],
  summary: 'erase every value of an agent or a person, for good',
  details: [
    'Destroys the keys of their values: commands, bound values, words. Who did what, when and by whose leave stays, and so does every proof.',
    'Refused while something of theirs is not over, and without --reason. The erasure is recorded in the ledger.',
  ],
  options: ['subject', 'reason', 'yes'],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const [kind, ...name] = (invocation.text('subject') ?? '').split(':');
    const subject = { kind, name: name.join(':') };
    if (!isSubject(subject))
      throw new Failure('usage', 'option.subject', '--subject is `agent:NAME` or `person:NAME`');
    if (!invocation.flag('yes')) {
      const detail = `Nothing brings the values of ${subject.kind} ${subject.name} back. Say --yes to erase them.`;
      throw new Failure('usage', 'option.yes', detail);
    }
    const reason = invocation.text('reason') ?? '';
    const erased = await client().eraseValues({ subject, reason });
    output.result(
      erased,
      () => `The values of ${subject.kind} ${subject.name} are erased. Entry ${erased.index} records it.`,
    );
  },
};

type Subject = { readonly kind: 'agent' | 'person'; readonly name: string };
const isSubject = (given: { kind: string | undefined; name: string }): given is Subject =>
  (given.kind === 'agent' || given.kind === 'person') && given.name !== '';

export const ledgerRotateKey: Command = {
  name: 'ledger rotate-key',
  arguments: [],
  summary: 'make the next key of the ledger; the one before signs the hand-over',
  details: [
    'Checkpoints are by the next key from then on. Whoever verifies with the key before goes on doing so: the hand-over in the ledger leads to the next one.',
    'The key before is destroyed.',
  ],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const rotated = await client().rotateLedgerKey();
    output.result(
      rotated,
      () => `The ledger is signed by\n  ${rotated.vkey}\nnow. Entry ${rotated.index} is the hand-over.`,
    );
  },
};

export const receipt: Command = {
  name: 'receipt',
  arguments: ['ID'],
  summary: 'get the offline proof of an action, or of the action of a review',
  details: ['`sallyport verify` checks it, anywhere, without the gateway.'],
  options: ['out'],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const id = invocation.arguments[0] ?? '';
    const text = await client().receipt(id);
    const file = invocation.text('out');
    if (file === null) return output.raw({ receipt: text }, text.endsWith('\n') ? text : `${text}\n`);
    save(file, text);
    return output.result({ file }, () => `The receipt is in ${file}`);
  },
};

function save(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw new Failure('not_found', 'file.unwritable', `${file} can't be written: ${reasonOf(error)}`);
  }
}

export const verify: Command = {
  name: 'verify',
  arguments: ['[PATH]'],
  summary: 'verify a receipt, a folder that `ledger export` wrote, or a state folder, offline',
  details: [
    'Without --key it can only say that a receipt or folder is consistent in itself, which anybody’s can be.',
    'Of a gateway’s state folder it copies the database, whether the gateway runs or not, and changes nothing. Entries behind the last checkpoint are counted: nothing proves them yet. Those that are in the journal only are not read.',
    'With --policy (C2SP tlog-policy) it also asks for the cosignatures of witnesses.',
    'With --html it writes the same verifier as one page for a browser, which needs no network and no installation.',
  ],
  options: ['key', 'kept', 'policy', 'html'],
  remote: false,
  run: async (context: Context) => {
    const { invocation, output } = context;
    const page = invocation.text('html');
    const path = invocation.arguments[0];
    if (page !== null) writePage(page);
    if (page !== null && path === undefined)
      return output.result({ html: page }, () => `The verifier is in ${page}: open it in a browser`);
    if (path === undefined)
      throw new Failure('usage', 'arguments', 'sallyport verify takes a receipt or a folder, or --html FILE');
    return isDirectory(path) ? verifyFolderAt(path, context) : verifyReceiptAt(path, context);
  },
};

async function verifyFolderAt(path: string, { invocation, output }: Context): Promise<number | void> {
  const report = await verifyDirectory(path, invocation);
  output.result(report, (style) => renderFolder(report, style, report.notCovered));
  return report.ok ? undefined : failedVerification;
}

async function verifyReceiptAt(path: string, { invocation, output }: Context): Promise<number | void> {
  const text = readText(path);
  const report = await verifyReceipt(text, { trustedKey: invocation.text('key'), ...platform });
  const policy = invocation.text('policy');
  const witnesses =
    policy === null ? [] : await refuseWitnesses(text, await policyIn(policy), platform.verify);
  output.result({ ...report, witnesses }, (style) =>
    [renderReceipt(report, style, output.width), ...renderWitnesses(witnesses, style)].join('\n'),
  );
  return report.ok && witnesses.length === 0 ? undefined : failedVerification;
}

/** The page is built with the verifier's package. */
function writePage(file: string): void {
  const source = fileURLToPath(import.meta.resolve('@sallyport/verifier/verify.html'));
  if (!existsSync(source))
    throw new Failure(
      'not_found',
      'page.not_built',
      'The page is not built here: run `npm run build` first.',
    );
  save(file, readText(source));
}
