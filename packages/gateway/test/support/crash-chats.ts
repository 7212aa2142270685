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

export interface Kill {
  /** Which call of the platform's, by a part of its name, and of its body. */
  readonly call: string;
  readonly body?: string;
  readonly step: Step;
  /** Happens between that step and the end. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Another run of the same moments: SEED=… in the environment. */
export const seed = process.env['SEED'] ?? String(Date.now());
export const STEPS: readonly Step[] = ['received', 'acted', 'answered', 'recorded'];
/** What `ask` says, as a chat shows it. */
export const QUESTION = 'kim asks the agent:\nWhy so many?';
/** In the file that the configuration names: of both platforms. */
export const SECRET_FILE = 'secrets/chat';
const forever = (): Promise<void> => new Promise(() => undefined);
const WAIT_MS = 20_000;

export class ChatSite {
  readonly site: Site;
  readonly platform: Platform;
  gateway: GatewayProcess;
  readonly #chance = createFakeRandom(seed);
  #marks = 0;

  private constructor(site: Site, platform: Platform, gateway: GatewayProcess) {
    this.site = site;
    this.platform = platform;
    this.gateway = gateway;
  }

  static async open(platform: Platform): Promise<ChatSite> {
    const { account, configuration, secret } = platform;
    // A preview comes when it comes, and would be told in the middle of a test.
    const site = await openSite({ more: configuration, accounts: account, preview: 'off' });
    writePrivateFile(`${site.directory}/${SECRET_FILE}`, secret);
    return new ChatSite(site, platform, await site.start());
  }

  async close(): Promise<void> {
    await this.site.remove();
    await this.platform.close();
  }

  async restart(): Promise<void> {
    await this.gateway.stop();
    this.gateway = await this.site.start();
  }

  /** The agent sends a statement that waits for a person. Resolves when it is told so, or the gateway is gone. */
  async hold(): Promise<Held> {
    const client = this.site.agent(this.gateway);
    await client.connect();
    const noticed = new Promise<string>((resolve) => {
      client.on('notice', ({ message }) => resolve(reviewOf(message)));
    });
    this.#marks += 1;
    const command = `INSERT INTO runs (marker) VALUES ('chat-${this.#marks.toString()}')`;
    const ended = client.query(command).catch(() => '');
    const review = await Promise.race([noticed, ended.then(() => '')]);
    return { review, end: () => client.end().catch(() => undefined) };
  }

  /** Until nothing waits to be told. */
  async settled(): Promise<void> {
    const look = async (): Promise<true | undefined> => {
      const { destinations } = await this.site.person(this.gateway).channels.list();
      return destinations.every(({ waiting }) => waiting === 0) ? true : undefined;
    };
    await eventually('everything to be told', look, WAIT_MS);
  }

  /** Does it, and kills the gateway at that step of the first such call. Resolves when it runs again. */
  async killAt({ call, body = '', step, meanwhile }: Kill, act: () => Promise<unknown>): Promise<void> {
    const wanted: CallMoment = step === 'recorded' ? 'answered' : step;
    const came = Promise.withResolvers<void>();
    let isOver = false;
    this.platform.onCall((name, moment, sent) => {
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
    if (step === 'recorded') await this.settled();
    if (step === 'answered') await sleep(this.#chance.pick(4));
    isOver = true;
    await this.gateway.kill();
    await acting;
    this.platform.onCall(() => undefined);
    this.gateway = await this.site.start();
  }

  /** Two reviews that wait, the second one opened while what tells of the first is under way: the kill comes behind both. */
  async holdTwo(kill: Kill): Promise<{ readonly reviews: readonly string[]; end(): Promise<void> }> {
    const held: Held[] = [];
    const next = async (): Promise<unknown> => held.push(await this.hold());
    await this.killAt({ ...kill, meanwhile: next }, next);
    const { reviews } = await this.site.person(this.gateway).listReviews({ limit: 2, status: 'pending' });
    expect(reviews).toHaveLength(2);
    const end = async (): Promise<void> => {
      for (const each of held) await each.end();
    };
    return { reviews: reviews.map(({ id }) => id), end };
  }

  /** Pending reviews that nobody was told the name of yet, newest first. */
  async newest(): Promise<string> {
    const { reviews } = await this.site.person(this.gateway).listReviews({ limit: 1 });
    expect(reviews, 'a review that was opened is not lost').toHaveLength(1);
    return reviews[0]?.id ?? '';
  }

  ask(review: string): Promise<unknown> {
    return this.site.person(this.gateway, 'kim').ask(review, { to: 'agent', text: 'Why so many?' });
  }

  async reject(review: string): Promise<void> {
    const person = this.site.person(this.gateway);
    const { digest, rendering } = await person.getReview(review);
    await person.vote(review, { kind: 'reject', reason: 'Not today.', digest, rendering });
  }
}
