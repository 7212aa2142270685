import { wantsJson } from './arguments.ts';
import { readEnvironment } from './environment.ts';
import { createOutput } from './output.ts';
import { run } from './run.ts';
import { system } from './system.ts';

/** The first Ctrl-C lets a command end well; the second one does what it does everywhere. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

/** Runs one command line and sets the exit code; importing this file starts nothing. */
export async function main(args: readonly string[]): Promise<void> {
  const environment = readEnvironment(process.env);
  const output = createOutput({ json: wantsJson(args), noColour: environment.noColour });
  process.exitCode = await run(args, { environment, system, output, interruption });
}
