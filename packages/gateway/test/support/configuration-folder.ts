import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../../src/config/configuration.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { formatConfigProblem } from '../../src/config/problem.ts';

export const VERIFIER = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'B'.repeat(43)}=:${'C'.repeat(43)}=`;
export const DIGEST = '0123456789abcdef'.repeat(4);
/** What the gateway is started with. */
export const environment = { AGENT: VERIFIER, PERSON: DIGEST, PASSWORD: 'correct-horse', EMPTY: '' };

/** A configuration that names something of every kind, and its secrets where they may stand. */
export const WHOLE = `origin: sallyport.example.com/ledger
listen:
  api: { publicUrl: https://gate.example.com/ }
targets:
  - name: shop
    protocol: postgresql
    environment: production
    host: db.example.com
    user: gateway
    password: { file: secrets/password }
agents:
  - name: reporter
    sponsor: ana
    groups: [reporting]
    mayActFor: [sam]
    credential: { scram: { env: AGENT } }
people:
  - name: ana
    displayName: Ana
    credential: { tokenSha256: { env: PERSON } }
  - name: sam
    groups: [stewards]
groups:
  - { name: reporting }
  - { name: stewards, description: They answer. }
classes:
  - { name: merger, description: Deals. }
catalog:
  - target: shop
    dataset: public.*
    columns: { email: [pii], "*_price": [merger] }
    classes: [internal]
    owner: stewards
    compliance: [GDPR]
limits: { holdMs: 1000 }
`;

/** The whole configuration with one thing said otherwise. */
export const change = (from: string, to: string): string => {
  if (!WHOLE.includes(from)) throw new Error(`the whole configuration has no ${from}`);
  return WHOLE.replace(from, to);
};

/** A folder with a configuration and the secret file that it names, to be loaded from there. */
export class ConfigurationFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'sallyport-config-'));

  constructor() {
    mkdirSync(join(this.path, 'secrets'));
    this.put('secrets/password', 'correct-horse\n', 0o600);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  put(name: string, text: string, mode = 0o644): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  async load(text: string): Promise<Configuration> {
    const loaded = await loadConfiguration(this.put('sallyport.yaml', text), environment);
    if (!loaded.ok) throw new Error(loaded.error.map(formatConfigProblem).join('\n'));
    return loaded.value;
  }

  /** Each as its code, its place and what is to be done. */
  async problemsOf(text: string, mode?: number): Promise<readonly string[]> {
    const file = this.put('sallyport.yaml', text, mode);
    const loaded = await loadConfiguration(file, environment);
    if (loaded.ok) return [];
    return loaded.error.map(
      (problem) => `${problem.code} ${formatConfigProblem({ ...problem, file: 'sallyport.yaml' })}`,
    );
  }

  async onlyProblemOf(text: string): Promise<string> {
    const [problem, ...others] = await this.problemsOf(text);
    if (problem !== undefined && others.length === 0) return problem;
    throw new Error(`expected one problem, not these: ${[problem, ...others].join('\n')}`);
  }
}
