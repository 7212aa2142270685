/** The surfaces of law 10: how each puts an act before the gateway, as it was shown, and what its author is told. */
import { run } from '../../../cli/src/run.ts';
import { listenApi } from '../../src/api/listen.ts';
import { messageOf } from '../../src/channels/email/message.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Review } from '../../src/core/review.ts';
import { textOf as textInSlack, type FakeMessage as SlackMessage } from '../fakes/slack/workspace.ts';
import { actionOf, textOf as textInTeams } from '../fakes/teams/shapes.ts';
import { apiOf, overTheApi, seenOf, type Act, type Case, type Name, type World } from './law-10.ts';
import { until } from './chat-world.ts';
import { openSlackWorld, type SlackWorld } from './slack-world.ts';
import { openTeamsWorld, type TeamsWorld } from './teams-world.ts';

/** One review in one world, before anybody has decided. */
export interface Played {
  readonly world: World;
  readonly review: Review;
  read(): Promise<Review>;
  nowMs(): number;
  /** `meanwhile` happens when its author has seen the action, and before they decide. Resolves with ''; it counts. */
  act(act: Act, meanwhile: () => void): Promise<string>;
  close(): Promise<void>;
}

export interface Surface {
  readonly name: string;
  open(given: Case): Promise<Played>;
}

const strip = (said: string): string => said.trim().replace('Not counted. ', '');

/** Kim's question to whoever stands behind the agent. */
async function askSponsor({ desk, people }: World, { id }: Review): Promise<void> {
  const asker = people.find(({ name }) => name === 'kim');
  if (asker === undefined) throw new Error('no kim');
  const asked = await desk.question({ review: id, asker, to: 'sponsor', text: 'Why?', channel: 'api' });
  if (!asked.ok) throw new Error(asked.error.code);
}

const account = (name: Name): string => `U0${name.toUpperCase()}`;

interface InSlack {
  readonly at: SlackWorld & World;
  readonly review: Review;
  readonly message: SlackMessage;
  /** What the sponsor is shown; undefined where nobody asks them. */
  readonly asked: SlackMessage | undefined;
}

async function openInSlack({ decision, asked }: Case, mode: 'http' | 'socket'): Promise<InSlack> {
  const slackWorld = await openSlackWorld({ mode });
  const { slack, links } = slackWorld;
  const pass = (milliseconds: number): void => {
    slackWorld.offMs = milliseconds;
    slack.offMs = milliseconds;
  };
  const at = Object.assign(slackWorld, { pass });
  const zoe = at.people.find(({ name }) => name === 'zoe');
  const offered = links.offer(
    { platform: 'slack', tenant: slack.workspace.team, user: account('zoe') },
    'zoe',
  );
  if (zoe === undefined || !(await links.link(offered.split('#')[1] ?? '', zoe)).ok)
    throw new Error('not linked');
  if (decision !== undefined) at.decision = decision;
  const { held, message } = await at.hold();
  if (asked === undefined) return { at, review: await at.read(held.review), message, asked: undefined };
  await askSponsor(at, await at.read(held.review));
  await until(() => message.edits > 0);
  const toAna = await until(() => slack.workspace.inChannel('D0ANA')[0]);
  return { at, review: await at.read(held.review), message, asked: toAna };
}

function playedIn(place: InSlack, act: Played['act'], close = async (): Promise<void> => undefined): Played {
  const { at, review } = place;
  return {
    world: at,
    review,
    read: () => at.read(review.id),
    nowMs: () => at.slack.nowMs(),
    act,
    close: async () => {
      await close();
      await at.close();
    },
  };
}

const throughSlack = (mode: 'http' | 'socket'): Surface => ({
  name: `Slack by ${mode}`,
  open: async (given) => {
    const place = await openInSlack(given, mode);
    const seen = { message: place.message.blocks, asked: place.asked?.blocks };
    return playedIn(place, async (act, meanwhile) => {
      meanwhile();
      return pressInSlack(place, act, seen);
    });
  },
});

async function pressInSlack(
  { at: { slack }, message, asked }: InSlack,
  act: Act,
  seen: { readonly message: SlackMessage['blocks']; readonly asked: SlackMessage['blocks'] | undefined },
): Promise<string> {
  const user = account(act.by);
  const { ephemerals, views } = slack.workspace;
  const before = ephemerals.length;
  const told = () => ephemerals.slice(before).find((each) => each.user === user);
  if (act.kind === 'approve') {
    await slack.press(user, message, 'sallyport.approve', seen.message);
    const said = await until(told);
    return said.blocks.length === 0 ? '' : strip(textInSlack(said.blocks));
  }
  if (act.kind === 'answer') await slack.press(user, asked ?? message, 'sallyport.answer.1', seen.asked);
  else await slack.press(user, message, `sallyport.${act.kind}`, seen.message);
  const view = await until(() => [...views.values()].find((each) => each.user === user) ?? told());
  // Nothing opens for what is over: it says so at once.
  if (!('modal' in view)) return view.text;
  const { text } = act;
  await slack.submit(view, { reason: text, question: text, answer: text });
  views.delete(view.id);
  return Object.values(view.errors).join(' ');
}

const throughTeams: Surface = {
  name: 'Teams',
  open: async ({ decision, asked }) => {
    const teamsWorld = await openTeamsWorld();
    const { teams, links } = teamsWorld;
    const pass = (milliseconds: number): void => {
      teamsWorld.offMs = milliseconds;
      teams.offMs = milliseconds;
    };
    const at = Object.assign(teamsWorld, { pass });
    const zoe = at.people.find(({ name }) => name === 'zoe');
    const theirs = { platform: 'teams', tenant: teams.tenant.id, user: at.user('zoe').oid } as const;
    const offered = links.offer(theirs, 'zoe');
    if (zoe === undefined || !(await links.link(offered.split('#')[1] ?? '', zoe)).ok)
      throw new Error('not linked');
    if (decision !== undefined) at.decision = decision;
    const { held, message } = await at.hold();
    const review = await at.read(held.review);
    if (asked !== undefined) await askSponsor(at, review);
    const toAna =
      asked === undefined
        ? undefined
        : await until(() => teams.tenant.cardsIn(`a:1${at.user('ana').oid}`)[0]?.card);
    // By a card of somebody who may decide: whose buttons they are gives nobody a right.
    const isSamOut = decision?.effect === 'review' && decision.demands[0]?.excluded.includes('sam');
    const card = await at.acting.look(at.user(isSamOut === true ? 'kim' : 'sam'), message);
    return {
      world: at,
      review,
      read: () => at.read(review.id),
      nowMs: () => teams.nowMs(),
      act: async (act, meanwhile) => {
        meanwhile();
        return pressInTeams(at, act, { message, card: act.kind === 'answer' ? (toAna ?? card) : card });
      },
      close: () => at.close(),
    };
  },
};

async function pressInTeams(
  at: TeamsWorld,
  act: Act,
  {
    message,
    card,
  }: { readonly message: TeamsMessage; readonly card: NonNullable<Parameters<typeof actionOf>[0]> },
): Promise<string> {
  const { acting } = at;
  const user = at.user(act.by);
  const action = actionOf(card, `sallyport.${act.kind}`);
  if (action === undefined) throw new Error('no such button');
  if (act.kind === 'approve' || action.type === 'Action.Execute') {
    const pressed = await acting.press(user, message, `sallyport.${act.kind}`, { card });
    const said = pressed.card === undefined ? pressed.told : textInTeams(pressed.card).split('\n')[0];
    return said === 'It is recorded.' ? '' : strip(said ?? '');
  }
  const field = { reject: 'reason', ask: 'question', answer: 'answer' }[act.kind];
  const fields = { [field]: act.text };
  const { told, dialog } = await acting.press(user, message, `sallyport.${act.kind}`, { card, fields });
  if (dialog !== undefined) return strip(textInTeams(dialog.card).split('\n')[0] ?? '');
  return told === 'It is recorded.' ? '' : strip(told);
}

type TeamsMessage = Awaited<ReturnType<TeamsWorld['hold']>>['message'];

const api: Surface = {
  name: 'the API',
  open: async (given) => {
    const place = await openInSlack(given, 'http');
    const seen = seenOf(place.review, place.at.desk);
    return playedIn(place, async (act, meanwhile) => {
      meanwhile();
      return overTheApi(place.at, act, seen);
    });
  },
};

/** `sallyport …` of this person, at a terminal of theirs. `meanwhile` happens when the action is on the screen. */
async function commandLine(
  url: string,
  by: Name,
  args: readonly string[],
  meanwhile: () => void,
): Promise<string> {
  const notes: string[] = [];
  let isAsked = false;
  const confirm = async (): Promise<boolean> => {
    isAsked = true;
    meanwhile();
    return true;
  };
  const nothing = (): void => undefined;
  const code = await run(args, {
    environment: { url, token: by, noColour: true },
    output: {
      json: false,
      interactive: true,
      width: 80,
      result: nothing,
      raw: nothing,
      note: (text) => void notes.push(text),
      confirm,
    },
    system: { nowMs: () => Date.now(), random: (bytes: number) => new Uint8Array(bytes).fill(1) },
    interruption: () => new AbortController().signal,
  });
  if (!isAsked) meanwhile();
  // A terminal gets plain apostrophes.
  const said = notes.join(' ').replaceAll("'", '’');
  const refused = /^sallyport: ([a-z_.]+):/.exec(said)?.[1] ?? '';
  return code === 0 ? '' : (OWN_WORDS[refused] ?? said);
}

/** What it refuses before it asks the gateway, under the gateway's own code and in other words. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  'vote.reason_required': 'A rejection needs a reason: the agent is told it.',
  'question.empty': 'The question has no text.',
};

function wordsOf(act: Act, review: string, approve: readonly string[]): readonly string[] {
  if (act.kind === 'approve') return approve;
  if (act.kind === 'reject') return ['reject', review, '--reason', act.text];
  return act.kind === 'ask'
    ? ['ask', review, '--text', act.text]
    : ['answer', review, '1', '--text', act.text];
}

const throughTheCommandLine: Surface = {
  name: 'the command line',
  open: async (given) => {
    const place = await openInSlack(given, 'http');
    const { id } = place.review;
    const site = await listenApi(apiOf(place.at), { host: '127.0.0.1', port: 0 });
    const act: Played['act'] = (each, meanwhile) =>
      commandLine(site.address, each.by, wordsOf(each, id, ['approve', id]), meanwhile);
    return playedIn(place, act, () => site.close());
  },
};

/** A mail takes no vote. Its link says how to decide, and that is what its reader does. */
const byTheLinkOfAMail: Surface = {
  name: 'the link of an e-mail',
  open: async (given) => {
    const place = await openInSlack(given, 'http');
    const { at, review } = place;
    const site = await listenApi(apiOf(at), { host: '127.0.0.1', port: 0 });
    const told = messageOf(openedOf(review), {
      review,
      shown: at.desk.show(review),
      url: `${site.address}/reviews/${review.id}`,
      message: null,
      nowMs: review.openedAtMs,
    });
    const link = /http:\/\/\S+/.exec(told.text)?.[0] ?? '';
    const page = await (await fetch(link)).text();
    const approve = /sallyport (approve rev_\w+)/.exec(page)?.[1]?.split(' ') ?? [];
    const act: Played['act'] = (each, meanwhile) =>
      commandLine(site.address, each.by, wordsOf(each, approve[1] ?? '', approve), meanwhile);
    return playedIn(place, act, () => site.close());
  },
};

const openedOf = ({ id, revision }: Review): Delivery => ({
  id: 'dlv_01kajbch80ym6p68habwrg7z00',
  channel: 'email',
  destination: 'sam@example.com',
  review: id,
  revision,
  notice: { kind: 'open' },
  atMs: 0,
  attempts: 0,
  notBeforeMs: 0,
  state: 'waiting',
  problem: '',
});

/** The first is what the others are compared with. */
export const SURFACES: readonly [Surface, ...Surface[]] = [
  api,
  throughTheCommandLine,
  throughSlack('http'),
  throughSlack('socket'),
  throughTeams,
  byTheLinkOfAMail,
];
