import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runTool } from '../../src/tools/run.ts';

/** Two stewards, one of whom an agent acts for; one target. No secret that it names is there. */
export const configuration = `
origin: tools.example.com/ledger
groups: [{name: stewards}, {name: owners}, {name: reporting}, {name: idle}]
people:
  - {name: ana, groups: [stewards, owners]}
  - {name: sam, groups: [stewards]}
  - {name: eve, groups: [stewards], disabled: true}
agents:
  - {name: reporter, sponsor: ana, groups: [reporting], credential: {scram: {env: NOT_SET}}}
targets:
  - {name: shop, protocol: postgresql, environment: production, host: localhost, user: u, password: {env: NOT_SET}}
  - {name: lab, protocol: postgresql, environment: staging, host: localhost, user: u, password: {env: NOT_SET}}
catalog:
  - {target: shop, dataset: public.customers, columns: {email: [pii], full_name: [pii]}}
policies: {directory: policies}
`;

export interface Site {
  readonly directory: string;
  /** Runs a tool on the site's configuration. */
  run(args: readonly string[], input?: readonly string[]): Promise<Ran>;
  remove(): void;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a configuration and these files, by their names. */
export function makeSite(files: Readonly<Record<string, string>>): Site {
  const directory = mkdtempSync(join(tmpdir(), 'policy-tools-'));
  for (const [name, text] of Object.entries({ 'sallyport.yaml': configuration, ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return {
    directory,
    async run(args, input = []) {
      let [stdout, stderr] = ['', ''];
      const config = ['--config', join(directory, 'sallyport.yaml')];
      const code = await runTool([...args.slice(0, 1), ...config, ...args.slice(1)], {
        nowMs: Date.UTC(2026, 10, 21, 12),
        input: async function* () {
          yield* input;
        },
        print: (text) => void (stdout += `${text}\n`),
        complain: (text) => void (stderr += `${text}\n`),
      });
      return { code, stdout, stderr };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
