import { parseVkey, webCryptoVerifier } from '@sallyport/verifier';
import type { VerifierKey } from '@sallyport/verifier';
import type { Command } from '../command.ts';
import { readText } from '../connection.ts';
import { Failure } from '../failure.ts';
import { lockFolder, openState, openWitnessKey } from '../witness/folder.ts';
import { Witness } from '../witness/keeper.ts';
import { serveWitness } from '../witness/serve.ts';

const usage = (option: string, detail: string): Failure => new Failure('usage', `option.${option}`, detail);

export const witness: Command = {
  name: 'witness',
  arguments: [],
  summary: 'cosign checkpoints of ledgers, and never two that contradict each other',
  details: [
    'Run it where those who run the gateway can’t reach it: what it refuses is a ledger that was shortened or replaced (C2SP tlog-witness).',
    '--keys names a file with the verifier key of each ledger, one a line; after a hand-over both keys. Without it nothing is cosigned.',
    'Its own key and the last checkpoint of each ledger are in --state. Prints the key that verifiers are given.',
  ],
  options: ['listen', 'state', 'name', 'keys'],
  remote: false,
  run: async ({ invocation, output, system, interruption }) => {
    const folder = invocation.text('state');
    const name = invocation.text('name');
    const file = invocation.text('keys');
    if (folder === null) throw usage('state', '--state names the folder in which the witness remembers');
    if (name === null || !/^[^\s+]{1,200}$/.test(name))
      throw usage('name', '--name is the name of the witness: a URL without scheme');
    if (file === null) throw usage('keys', '--keys names a file with the keys of the ledgers');
    const unlock = lockFolder(folder);
    try {
      const logs = await readKeys(file);
      const { signer, vkey } = await openWitnessKey(folder, name);
      const state = await openState(folder, logs);
      const nowSeconds = (): number => Math.floor(system.nowMs() / 1_000);
      const keeper = new Witness({ logs, signer, state, nowSeconds, ...webCryptoVerifier() });
      const serving = await serveWitness(keeper, addressOf(invocation.text('listen')));
      const started = { url: serving.url, vkey, logs: logs.length };
      output.result(started, () => `witness  ${serving.url}\nits key  ${vkey}\nledgers  ${logs.length}`);
      await aborted(interruption());
      await serving.close();
    } finally {
      unlock();
    }
  },
};

async function readKeys(file: string): Promise<readonly VerifierKey[]> {
  const { hash } = webCryptoVerifier();
  const lines = readText(file).split('\n');
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const parsed = await Promise.all(keys.map((key) => parseVkey(key, hash)));
  const broken = parsed.indexOf(undefined);
  if (broken >= 0) throw usage('keys', `${file}: not a verifier key: ${keys[broken] ?? ''}`);
  return parsed.filter((key) => key !== undefined);
}

/** HOST:PORT; port 0: any that is free. */
function addressOf(listen: string | null): { readonly host: string; readonly port: number } {
  const found = /^(?<host>\[[0-9a-f:]+\]|[a-zA-Z0-9.-]+):(?<port>\d{1,5})$/.exec(listen ?? '127.0.0.1:7653');
  const { host = '', port = '' } = found?.groups ?? {};
  if (found === null || Number(port) > 65_535) throw usage('listen', '--listen is HOST:PORT');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
