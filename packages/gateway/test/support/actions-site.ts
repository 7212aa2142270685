import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@sallyport/gateway/main';
import { Sallyport, SallyportClient } from '@sallyport/sdk';
import type { ActionState, Review } from '@sallyport/sdk/contract';
import { createProofKey } from '@sallyport/sdk/grant';
import { agentCredential, personCredential } from '../../../../sample/credentials.ts';
import { freePort } from '../../../../sample/server.ts';
import { writePrivateFile } from '../../../../sample/state.ts';
import { eventually } from './system-wait.ts';

const pack = new URL('../../policies/', import.meta.url).pathname;

/** A gateway without any server behind it: agents perform what they submit. */
export interface ActionsSite {
  readonly directory: string;
  readonly configPath: string;
  readonly tokens: { readonly refunder: string; readonly other: string; readonly sam: string };
  start(): Promise<RunningGateway>;
  /** Changes the configuration's text; a gateway that is started afterwards reads it. */
  configure(change: (text: string) => string): void;
  remove(): void;
}

/** `report.render` is allowed, `card.dump` forbidden, the rest waits for a data steward. */
export async function openActionsSite(limits: Readonly<Record<string, number>> = {}): Promise<ActionsSite> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-actions-'));
  const refunder = await agentCredential(directory, 'refunder');
  const other = await agentCredential(directory, 'other');
  const people = await Promise.all(['ana', 'sam'].map((name) => personCredential(directory, name)));
  const configPath = join(directory, 'sallyport.yaml');
  writePolicies(directory);
  writePrivateFile(
    configPath,
    `origin: actions.sallyport.example/ledger
state: gateway
listen:
  postgres: { host: 127.0.0.1, port: ${await freePort()} }
  api: { host: 127.0.0.1, port: ${await freePort()} }
targets:
  - { name: billing, protocol: api, environment: production }
  - { name: mail, protocol: api, environment: production }
agents:
  - name: refunder
    sponsor: ana
    mayActFor: [sam]
    credential: { scram: { file: ${refunder.checkFile} } }
  - name: other
    sponsor: ana
    credential: { scram: { file: ${other.checkFile} } }
people:
  - { name: ana, credential: { tokenSha256: { file: secrets/ana.check } } }
  - { name: sam, groups: [data-stewards], credential: { tokenSha256: { file: secrets/sam.check } } }
groups:
  - { name: data-stewards }
  - { name: payments-stewards }
  - { name: database-owners }
catalog:
  - { target: billing, dataset: invoices, columns: { iban: [pii] } }
policies: { directory: policies }
limits: ${JSON.stringify(limits)}
`,
  );
  return {
    directory,
    configPath,
    tokens: { refunder: refunder.token, other: other.token, sam: people[1]?.token ?? '' },
    start: () => startGateway({ configPath }),
    configure: (change) => writePrivateFile(configPath, change(readFileSync(configPath, 'utf8'))),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

function writePolicies(directory: string): void {
  for (const name of readdirSync(pack).filter((file) => file.endsWith('.cedar'))) {
    const text = readFileSync(join(pack, name), 'utf8').replace(
      'forbid (principal is Agent, action in Action::"call", resource is Target);',
      'forbid (principal is Agent, action in Action::"call", resource is Target)\nunless { ["report.render", "card.dump"].contains(context.title) };',
    );
    writePrivateFile(join(directory, 'policies', name), text);
  }
  const never = `@id("never-dump-cards")
@reason("Nobody needs all cards at once.")
forbid (principal is Agent, action in Action::"call", resource is Target) when { context.title == "card.dump" };
`;
  writeFileSync(join(directory, 'policies', '90-own.cedar'), never, { mode: 0o600 });
}

/** Those who deal with a gateway of the site. */
export function dealings(site: ActionsSite, gateway: { readonly api: { readonly address: string } }) {
  const url = gateway.api.address;
  const sam = new SallyportClient({ url, token: site.tokens.sam });
  return {
    url,
    sam,
    refunder: new SallyportClient({ url, token: site.tokens.refunder }),
    other: new SallyportClient({ url, token: site.tokens.other }),
    sallyport: new Sallyport({ url, token: site.tokens.refunder }),
    /** The pending review of a command that holds this text; waits for it. */
    pending: (text: string): Promise<Review> =>
      eventually(`a pending review of ${text}`, async () => {
        const { reviews } = await sam.listReviews({ status: 'pending' });
        const whole = await Promise.all(reviews.map(({ id }) => sam.getReview(id)));
        return whole.find(({ command }) => command.includes(text));
      }),
  };
}

export type OpenActions = Awaited<ReturnType<typeof openActions>>;

/** A site, its gateway and those who deal with it, until it is closed. */
export async function openActions() {
  const site = await openActionsSite();
  const gateway = await site.start();
  const close = async (): Promise<void> => {
    await gateway.close();
    site.remove();
  };
  return { ...dealings(site, gateway), site, gateway, close };
}

/** That whoever asks for this grant holds the key to which it is bound, which nobody uses again. */
export const proofFor = async ({ grantUrl }: Pick<ActionState, 'grantUrl'>): Promise<string> =>
  (await createProofKey()).prove({ method: 'POST', url: grantUrl }, Date.now());

export async function decide(
  { sam, pending }: ReturnType<typeof dealings>,
  text: string,
  kind: 'approve' | 'reject' = 'approve',
): Promise<Review> {
  const { id, digest, rendering } = await pending(text);
  return sam.vote(id, { kind, digest, rendering, reason: kind === 'reject' ? 'Not this one.' : '' });
}
