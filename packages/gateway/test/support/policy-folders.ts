/** Folders of policies, and as much of a configuration as policies are about. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../../src/config/configuration.ts';
import { readPolicyFiles } from '../../src/config/policy-files.ts';
import { request, target } from './policy.ts';
import { agent, person } from './subjects.ts';

export const scope = '(principal is Agent, action in Action::"sql", resource is Target)';
export const permit = `@id("may") @reason("May.") permit ${scope};`;
export const forbid = `@id("never") @reason("Never.") forbid ${scope};`;
export const [ana, ben] = [person('ana', ['owners']), person('ben', ['owners'])];

const folders: string[] = [];

/** Call it when the files aren't needed any more. */
export function removeFolders(): void {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
}

export function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(tmpdir(), 'policy-changes-'));
  folders.push(made);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

export async function configurationOf(
  directory: string,
  observe: Configuration['observe'] = [],
): Promise<Configuration> {
  const read = await readPolicyFiles(directory);
  const files = read.ok ? read.value.sources : [];
  const people = [ana, ben].map((each) => ({ person: each, tokenSha256: null }));
  const agents = [{ agent: { ...agent, name: request().requester.agent } }];
  const known = { groups: [{ name: 'owners', description: '' }], people, agents, targets: [target] };
  return {
    ...known,
    apiTargets: [],
    calendars: [],
    channels: { slack: null, teams: null, webhooks: [] },
    observe,
    policies: { directory, files },
  } as unknown as Configuration;
}
