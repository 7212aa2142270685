import { base64url } from 'jose';
import { canonicalJson } from './canonical.ts';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(text)));

export const sha256Base64url = async (text: string): Promise<string> => base64url.encode(await sha256(text));

/** What a submitted action is, apart from what it is for (spec/action.md). */
export const commandOf = (operation: string, args: Readonly<Record<string, unknown>>): string =>
  canonicalJson({ arguments: args, operation });

export interface DigestedAction {
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: string;
  readonly environment: string;
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly preconditions: Readonly<Record<string, string>>;
}

/** The digest of an action that was submitted over the API, in hexadecimal digits (spec/action.md). */
export async function actionDigest(action: DigestedAction): Promise<string> {
  const { agent, onBehalfOf, target, environment, operation, preconditions } = action;
  const form = canonicalJson({
    agent,
    command: commandOf(operation, action.arguments),
    environment,
    onBehalfOf,
    parameters: [],
    preconditions,
    protocol: 'api',
    target,
    version: 'sallyport/action/v1',
  });
  return [...(await sha256(form))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
