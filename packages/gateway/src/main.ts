import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { processEnvironment } from './config/environment.ts';
import {
  checkConfiguration,
  ConfigurationError,
  startGateway as start,
  VERSION,
  type RunningGateway,
} from './gateway.ts';
import { clock } from './system.ts';
import { runTool } from './tools/run.ts';
import { createLog, type Log, type LogLevel } from './telemetry/log.ts';

export type { RunningGateway } from './gateway.ts';

const USAGE = `sallyport-gateway ${VERSION}: the gateway's own program

  sallyport-gateway [--config FILE] [--state DIR] [--log LEVEL]
  sallyport-gateway --check-config [--config FILE]
  sallyport-gateway policy TOOL [OPTIONS]   see sallyport help

  --config FILE   default: sallyport.yaml
  --state DIR     overrides the configuration's state folder
  --log LEVEL     debug, info, warn or error; default: info. Lines of JSON on standard error
  --check-config  says whether the gateway would start, and starts nothing
  --version, --help

Exit codes: 0 stopped or valid; 1 wrong arguments; 2 invalid configuration; 3 could not start; 6 a policy tool found
something.
`;

const EXIT = { ok: 0, usage: 1, configuration: 2, failed: 3 } as const;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const logTo = (level: LogLevel): Log => createLog({ level, destination: process.stderr });

/** Starts a gateway inside of another program (a sample, a test). Logs warnings and errors only. */
export function startGateway(options: {
  readonly configPath: string;
  readonly stateDirectory?: string;
}): Promise<RunningGateway> {
  return begin({ ...options, environment: processEnvironment(), log: logTo('warn') });
}

/** What only the start needed goes back to the system when it is over, where the program has its own settings of Node. */
async function begin(options: Parameters<typeof start>[0]): Promise<RunningGateway> {
  const gateway = await start(options);
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  return gateway;
}

/** Runs the program and sets the exit code; importing this file starts nothing. */
export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await run(args);
}

async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'policy') return runPolicyTool(args.slice(1));
  const options = readOptions(args);
  if (options === undefined) return EXIT.usage;
  if (options.help || options.version) {
    process.stdout.write(options.help ? USAGE : `${VERSION}\n`);
    return EXIT.ok;
  }
  try {
    if (options.check) {
      await checkConfiguration(options.configPath, processEnvironment());
      process.stdout.write(`${options.configPath} is valid\n`);
    } else await serve(options);
    return EXIT.ok;
  } catch (error) {
    return explain(error);
  }
}

async function runPolicyTool(args: readonly string[]): Promise<number> {
  try {
    return await runTool(args, {
      nowMs: clock.nowMs(),
      input: () => createInterface({ input: process.stdin }),
      print: (text) => void process.stdout.write(`${text}\n`),
      complain: (text) => void process.stderr.write(`${text}\n`),
    });
  } catch (error) {
    return explain(error);
  }
}

interface Options {
  readonly configPath: string;
  readonly stateDirectory: string | undefined;
  readonly level: LogLevel;
  readonly check: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', default: 'sallyport.yaml' },
        state: { type: 'string' },
        log: { type: 'string', default: 'info' },
        'check-config': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    const level = LEVELS.find((name) => name === values.log);
    if (level === undefined) throw new Error(`--log takes ${LEVELS.join(', ')}, not "${values.log}"`);
    const { config, state, help, version } = values;
    return { configPath: config, stateDirectory: state, level, check: values['check-config'], help, version };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

async function serve({ configPath, stateDirectory, level }: Options): Promise<void> {
  const log = logTo(level);
  const environment = processEnvironment();
  const gateway = await begin({
    configPath,
    environment,
    log,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  });
  process.stdout.write(`sallyport-gateway ${VERSION}
  agents (PostgreSQL)  ${gateway.postgres.address}
  people (API)         ${gateway.api.address}
  ledger               ${gateway.ledger.origin}
  its public key       ${gateway.ledger.vkey}
${gateway.observed.map(observedLine).join('')}`);
  await stopAsked();
  await gateway.close();
}

/** In red where somebody looks: it is no rule, however much it looks like one. */
function observedLine({ target, directory }: RunningGateway['observed'][number]): string {
  const line = `  OBSERVED ONLY, NOT ENFORCED on ${target}: the draft in ${directory}`;
  const hasColours = process.stdout.isTTY && process.stdout.hasColors();
  return `${hasColours ? `\u001b[31m${line}\u001b[39m` : line}\n`;
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

function explain(error: unknown): number {
  if (error instanceof ConfigurationError) {
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    return EXIT.configuration;
  }
  process.stderr.write(
    `sallyport-gateway failed: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  return EXIT.failed;
}
