import { writeFileSync } from 'node:fs';
import { parseCheckpoint, parseNote, verifyLog, verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import type { SallyportClient } from '@sallyport/sdk';
import type { Command, Context } from '../command.ts';
import { readText, reasonOf } from '../connection.ts';
import { Failure } from '../failure.ts';
import { type ExportedLedger, openExport, writeExport } from '../ledger-export.ts';
import { renderLedgerVerdict, renderReceipt } from '../render-reports.ts';

export const ledgerVerify: Command = {
  name: 'ledger verify',
  arguments: [],
  summary: 'verify the whole ledger, here, trusting nobody but its key',
  details: [
    'Reads the ledger from the gateway, or with --dir from a folder that `ledger export` wrote; that needs no network.',
    'Without --key it takes the key that the ledger itself names: then it proves that nothing was changed by others.',
  ],
  options: ['dir', 'key', 'kept'],
  remote: true,
  run: async (context) => {
    const { invocation, output } = context;
    const directory = invocation.text('dir');
    const ledger = directory === null ? await download(context.client()) : openExport(directory);
    const given = invocation.text('key');
    const kept = invocation.text('kept');
    const report = await verifyLog({
      entries: ledger.entries(),
      checkpoint: ledger.checkpoint,
      earlier: kept === null ? [] : [readText(kept)],
      trustedKey: given ?? ledger.vkey,
      ...webCryptoVerifier(),
    });
    const origin = parseCheckpoint(parseNote(ledger.checkpoint)?.text ?? '')?.origin ?? 'an unknown ledger';
    const verdict = { origin, key: given ?? ledger.vkey, keyGiven: given !== null, report };
    output.result(verdict, (style) => renderLedgerVerdict(verdict, style));
    return report.ok ? undefined : failedVerification;
  },
};

/** The verdict has been printed, so only the exit code is left to say. */
const failedVerification = 6;

export const ledgerExport: Command = {
  name: 'ledger export',
  arguments: ['DIR'],
  summary: 'write the whole ledger to a folder, to verify it elsewhere',
  details: [
    'The layout is that of C2SP tlog-tiles: `checkpoint`, bundles of entries in `tile/entries/`, and `vkey`.',
  ],
  options: [],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const directory = invocation.arguments[0] ?? '';
    const entries = await writeExport(directory, await download(client()));
    output.result({ directory, entries }, () => `${entries} entries in ${directory}`);
  },
};

/** The checkpoint first, then the entries that it commits to: later ones belong to a later checkpoint. */
export async function download(client: SallyportClient): Promise<ExportedLedger> {
  const checkpoint = await client.checkpoint();
  const { vkey } = await client.ledgerStatus();
  const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size;
  if (size === undefined) {
    throw new Failure('verification_failed', 'checkpoint.malformed', 'The gateway’s checkpoint is not one.');
  }
  return { vkey, checkpoint, entries: () => client.ledgerEntries(0, size) };
}

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
  arguments: ['FILE'],
  summary: 'verify a receipt, offline',
  details: [
    'Without --key it can only say that the receipt is consistent in itself, which anybody’s can be.',
  ],
  options: ['key'],
  remote: false,
  run: async ({ invocation, output }: Context) => {
    const text = readText(invocation.arguments[0] ?? '');
    const trusted = { trustedKey: invocation.text('key'), ...webCryptoVerifier() };
    const report = await verifyReceipt(text, trusted);
    output.result(report, (style) => renderReceipt(report, style, output.width));
    return report.ok ? undefined : failedVerification;
  },
};
