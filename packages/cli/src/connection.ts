import { readFileSync } from 'node:fs';
import { SallyportClient } from '@sallyport/sdk';
import type { Invocation } from './command.ts';
import type { Environment } from './environment.ts';
import { Failure } from './failure.ts';

export function connect(invocation: Invocation, environment: Environment): SallyportClient {
  const token = tokenOf(invocation, environment);
  const url = invocation.text('url') ?? environment.url;
  return new SallyportClient({ url, token, insecure: invocation.flag('insecure') });
}

function tokenOf(invocation: Invocation, environment: Environment): string {
  const file = invocation.text('token-file');
  const token = file === null ? environment.token : readText(file).trim();
  if (token === null || token === '') {
    const detail = 'No token: set SALLYPORT_TOKEN, or give --token-file FILE.';
    throw new Failure('not_authenticated', 'token.missing', detail);
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    // What is in the file isn't repeated: it may be a token all the same.
    throw new Failure('not_authenticated', 'token.malformed', 'A token is one word of printable ASCII.');
  }
  return token;
}

/** A file that a person named, whole; `-` is not special. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure('not_found', 'file.unreadable', `${file} can't be read: ${reasonOf(error)}`);
  }
}

/** The system's own short code of why a file could not be had, `ENOENT`; nothing of its content. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : String(error);
}
