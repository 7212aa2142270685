/** Who calls a fake API, and with which tokens. */
import type { Agent, Principal } from '../../src/core/identity.ts';
import type { Directory } from '../../src/ports.ts';
import { person } from './subjects.ts';

/** Vera may do everything; Ned is known and may do nothing; Gone was disabled. */
export const people = {
  vera: person('vera', ['data-owners']),
  ned: person('ned', []),
  gone: { ...person('gone', ['data-owners']), disabled: true },
};
const agent = (name: string): Agent => ({
  kind: 'agent',
  name,
  groups: [],
  sponsor: 'sam',
  mayActFor: [],
  credentialOwner: 'sam',
});
export const agents = { reporter: agent('reporter'), other: agent('other') };

export const tokens = {
  vera: 'spt_vera',
  ned: 'spt_ned',
  gone: 'spt_gone',
  reporter: 'spt_reporter',
  other: 'spt_other',
} as const;
type TokenName = keyof typeof tokens;

const principals: Readonly<Record<TokenName, Principal>> = { ...people, ...agents };

export async function authenticate(token: string): Promise<Principal | undefined> {
  const name = (Object.keys(tokens) as TokenName[]).find((known) => tokens[known] === token);
  return name === undefined ? undefined : principals[name];
}

export const directory: Directory = {
  agent: (name) => Object.values(agents).find((known) => known.name === name),
  person: (name) => Object.values(people).find((known) => known.name === name),
  people: () => Object.values(people),
};
