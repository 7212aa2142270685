/** A gateway of its own process that tells a local chat of reviews, and is killed at each step of its outbox. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { writePrivateFile } from '../../../../sample/state.ts';
import type { GatewayProcess } from './crash-process.ts';
import { openSite, type PersonName, type Site } from './crash-site.ts';
import { reviewOf } from './crash-work.ts';
import { createFakeRandom } from './fake-clock.ts';
import { eventually } from './system-wait.ts';

/** `received`: not done. `acted`: done, not answered. `answered`: the answer is out. `recorded`: and in our store. */
export type Step = 'received' | 'acted' | 'answered' | 'recorded';
type CallMoment = Exclude<Step, 'recorded'>;

/** What stands in the chat about one review, in one room or conversation. */
export interface Shown {
  readonly place: string;
  readonly text: string;
  /** What was said below it. */
  readonly thread: readonly string[];
}

export interface Platform {
  /** `channels` of sallyport.yaml. */
  readonly configuration: string;
  readonly secret: string;
  readonly account: (name: PersonName) => string;
  onCall(hook: (call: string, moment: CallMoment, body: string) => Promise<void> | void): void;
  /** Every message that shows this review, in the order in which they came. */
  shown(review: string): readonly Shown[];
  close(): Promise<void>;
}

export interface Held {
  readonly review: string;
  /** The agent's connection; whatever becomes of it. */
  end(): Promise<void>;
}

export interface ChatSite {
  readonly site: Site;
  readonly platform: Platform;
  gateway: GatewayProcess;
  readonly chance: ReturnType<typeof createFakeRandom>;
}

/** In the file that the configuration names: of both platforms. */
export const SECRET_FILE = 'secrets/chat';
const forever = (): Promise<void> => new Promise(() => undefined);
const WAIT_MS = 20_000;

export async function openChatSite(platform: Platform, seed: string): Promise<ChatSite> {
  const { account, configuration, secret } = platform;
  // A preview comes when it comes, and would be told in the middle of a test.
  const site = await openSite({ more: configuration, accounts: account, preview: 'off' });
  writePrivateFile(`${site.directory}/${SECRET_FILE}`, secret);
  return { site, platform, gateway: await site.start(), chance: createFakeRandom(seed) };
}

let marks = 0;

/** The agent sends a statement that waits for a person. Resolves when it is told so, or the gateway is gone. */
export async function hold({ site, gateway }: ChatSite): Promise<Held> {
  const client = site.agent(gateway);
  await client.connect();
  const noticed = new Promise<string>((resolve) => {
    client.on('notice', ({ message }) => resolve(reviewOf(message)));
  });
  marks += 1;
  const ended = client.query(`INSERT INTO runs (marker) VALUES ('chat-${marks.toString()}')`).catch(() => '');
  const review = await Promise.race([noticed, ended.then(() => '')]);
  return { review, end: () => client.end().catch(() => undefined) };
}

/** Until nothing waits to be told. */
export async function settled({ site, gateway }: ChatSite): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    const { destinations } = await site.person(gateway).channels.list();
    return destinations.every(({ waiting }) => waiting === 0) ? true : undefined;
  };
  await eventually('everything to be told', look, WAIT_MS);
}

export interface Kill {
  /** Which call of the platform's, by a part of its name, and of its body. */
  readonly call: string;
  readonly body?: string;
  readonly step: Step;
  /** Happens between that step and the end. */
  readonly meanwhile?: () => Promise<unknown>;
}

export async function restart(at: ChatSite): Promise<void> {
  await at.gateway.stop();
  at.gateway = await at.site.start();
}

/** Does it, and kills the gateway at that step of the first such call. Resolves when it runs again. */
export async function killAt(
  at: ChatSite,
  { call, body = '', step, meanwhile }: Kill,
  act: () => Promise<unknown>,
) {
  const { platform, chance } = at;
  const wanted: CallMoment = step === 'recorded' ? 'answered' : step;
  const came = Promise.withResolvers<void>();
  let isOver = false;
  platform.onCall((name, moment, sent) => {
    // A dying gateway gets no more answers, and what it has sent by then isn't looked at.
    if (isOver) return forever();
    if (moment !== wanted || !name.includes(call) || !sent.includes(body)) return undefined;
    if (moment !== 'answered') isOver = true;
    came.resolve();
    return moment === 'answered' ? undefined : forever();
  });
  const acting = act().catch(() => undefined);
  const late = sleep(WAIT_MS).then(() => Promise.reject(new Error(`no ${call} was ${wanted}`)));
  await Promise.race([came.promise, late]);
  await meanwhile?.();
  if (step === 'recorded') await settled(at);
  if (step === 'answered') await sleep(chance.pick(4));
  isOver = true;
  await at.gateway.kill();
  await acting;
  platform.onCall(() => undefined);
  at.gateway = await at.site.start();
}

/** Pending reviews that nobody was told the name of yet, newest first. */
export async function newest({ site, gateway }: ChatSite): Promise<string> {
  const { reviews } = await site.person(gateway).listReviews({ limit: 1 });
  expect(reviews, 'a review that was opened is not lost').toHaveLength(1);
  return reviews[0]?.id ?? '';
}

export const ask = ({ site, gateway }: ChatSite, review: string): Promise<unknown> =>
  site.person(gateway, 'kim').ask(review, { to: 'agent', text: 'Why so many?' });

export async function reject({ site, gateway }: ChatSite, review: string): Promise<void> {
  const person = site.person(gateway);
  const { digest, rendering } = await person.getReview(review);
  await person.vote(review, { kind: 'reject', reason: 'Not today.', digest, rendering });
}
