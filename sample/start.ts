import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { agentName } from './configuration.ts';
import { startSystem, type SampleSystem } from './system.ts';

const usage = `npm start -- [--state DIR] [--api-port N] [--pg-port N] [--with-fake-slack]
  --state DIR   everything that is kept: data, ledger, reviews, tokens (default ./.state)
  --api-port N  where reviewers and the CLI connect
  --pg-port N   where the agent connects
  --with-fake-slack  a local stand-in for Slack, with a page to decide on
`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        state: { type: 'string', default: '.state' },
        'api-port': { type: 'string' },
        'pg-port': { type: 'string' },
        'with-fake-slack': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const ports = { apiPort: toPort(values['api-port']), postgresPort: toPort(values['pg-port']) };
    return { stateDirectory: values.state, fakeSlack: values['with-fake-slack'], ...ports };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

function toPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`"${text}" is no port: it takes a whole number from 1 to 65535.`);
}

const howTo = (system: SampleSystem): string => `
Sallyport is running. Ctrl-C stops it; the next start goes on where this one ends.

The agent (${agentName}, answered for by ana), in a terminal of its own:

  psql '${system.databaseUrl}'
  export DATABASE_URL='${system.databaseUrl}'

The reviewer (sam, a data steward), in another one:

  export SALLYPORT_URL=${system.apiUrl} SALLYPORT_TOKEN=${system.tokens.sam}
  npx sallyport reviews --watch
  npx sallyport show ID
  npx sallyport approve ID

${slackPart(system)}What to try as the agent:

  SELECT country, count(*) FROM customers GROUP BY country;   -- allowed: nothing classified
  SELECT full_name, email FROM customers;                     -- held until sam approves it
  DROP TABLE customers CASCADE;                               -- denied, with the reason

Who and what: ${relative('.', system.configPath)}. Afterwards: npx sallyport usage --agent ${agentName}
`;

const slackPart = ({ slackUrl }: SampleSystem): string =>
  slackUrl === null
    ? ''
    : `Slack, as far as a local stand-in goes: choose who you are, and press the buttons (olga links her account first).

  ${slackUrl}

`;

/** Resolves at the first Ctrl-C or SIGTERM, also at one during the start; the second one ends at once. */
function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    let isSecond = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (isSecond) process.exit(130);
        isSecond = true;
        resolve();
      });
    }
  });
}

const options = readArguments();
if (options === undefined) {
  process.stdout.write(usage);
} else {
  const stopping = stopAsked();
  try {
    const onStep = (step: string): unknown => process.stdout.write(`sallyport: ${step}\n`);
    const system = await startSystem({ ...options, onStep });
    process.stdout.write(howTo(system));
    await stopping;
    process.stdout.write('\n');
    await system.close();
    process.stdout.write('sallyport: stopped\n');
    // A handle that somebody forgot must not keep a program alive that said it has stopped.
    process.exit(0);
  } catch (error) {
    process.stderr.write(`sallyport: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
