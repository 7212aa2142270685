import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeAgentCredential,
  makePersonCredential,
  makeToken,
  type TokenKind,
} from '../packages/gateway/src/identity/tokens.ts';
import { secretPath, writePrivateFile } from './state.ts';

const random = { bytes: (count: number): Uint8Array => randomBytes(count) };

/** A token, and the file with what the gateway checks it by: the gateway never reads the token itself. */
export interface Credential {
  readonly token: string;
  /** Relative to the state folder. */
  readonly checkFile: string;
}

/** An agent's token, which is its database password; the gateway keeps a SCRAM-SHA-256 verifier. */
export function agentCredential(stateDirectory: string, agent: string): Promise<Credential> {
  return credential(stateDirectory, { name: agent, kind: 'agent' }, (token) =>
    makeAgentCredential(token, random),
  );
}

/** A person's token for the API; the gateway keeps its SHA-256. */
export function personCredential(stateDirectory: string, person: string): Promise<Credential> {
  return credential(stateDirectory, { name: person, kind: 'person' }, makePersonCredential);
}

/** Made when it is first asked for, and the same from then on. */
async function credential(
  stateDirectory: string,
  owner: { readonly name: string; readonly kind: TokenKind },
  makeCheck: (token: string) => string | Promise<string>,
): Promise<Credential> {
  const tokenFile = secretPath(stateDirectory, `${owner.name}.token`);
  const checkName = `${owner.name}.check`;
  const checkFile = secretPath(stateDirectory, checkName);
  if (!existsSync(tokenFile)) writePrivateFile(tokenFile, `${makeToken(owner.kind, random)}\n`);
  const token = readFileSync(tokenFile, 'utf8').trim();
  if (!existsSync(checkFile)) writePrivateFile(checkFile, `${await makeCheck(token)}\n`);
  return { token, checkFile: join('secrets', checkName) };
}
