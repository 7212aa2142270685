import { writeFileSync } from 'node:fs';
import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { proposalOf, renderScan } from '../render-scan.ts';

export const catalogScan: Command = {
  name: 'catalog scan',
  arguments: ['TARGET'],
  summary: 'propose classes for a target’s data, from samples of its values',
  details: [
    'The gateway reads samples with its own credential, in read-only transactions, and records each statement. Only counts leave it.',
    'Nothing is changed: what you accept goes into `catalog:` of the configuration. With --out the proposal is written to a file that is not there yet, as YAML.',
  ],
  options: ['out'],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const scan = await client().scanCatalog(invocation.arguments[0] ?? '');
    const file = invocation.text('out');
    if (file !== null) writeNew(file, proposalOf(scan));
    output.result(scan, (style) => renderScan(scan, file, style));
  },
};

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new Failure(
      'usage',
      'option.out',
      `${file} could not be written (${code}); a file that is there stays as it is`,
    );
  }
}
