import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderDelegation, renderDelegations } from '../render-authority.ts';
import { parseAhead, parseWhen } from '../time.ts';

const delegationList: Command = {
  name: 'delegation list',
  arguments: [],
  summary: 'list rights to decide that people have handed to others',
  details: ['Newest first, those that are over or revoked included.'],
  options: [],
  remote: true,
  run: async ({ client, output }) => {
    const delegations = await client().authority.listDelegations();
    output.result({ delegations }, (style) => renderDelegations(delegations, style));
  },
};

const delegationAdd: Command = {
  name: 'delegation add',
  arguments: ['PERSON'],
  summary: 'let another person decide with your right, for a time',
  details: [
    'They decide on what you could decide on, and on nothing that either of you is a party to or is excluded from. Your two votes are one: whoever votes with your right sits in your seat.',
    'What others handed to you is not handed on. --for says how long, 90 days at most; --since when it begins: default now.',
  ],
  options: ['for', 'since'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const nowMs = system.nowMs();
    const given = invocation.text('since');
    const since = given === null ? null : parseWhen(given, nowMs);
    if (given !== null && since === null)
      throw new Failure('usage', 'option.since', '--since is a time such as 2026-12-20T09:00:00Z');
    const until = parseAhead(invocation.text('for') ?? '', since === null ? nowMs : Date.parse(since));
    if (until === null) throw new Failure('usage', 'option.for', '--for says how long: 8h, 5d');
    const request = { to: invocation.arguments[0] ?? '', until, ...(since === null ? {} : { since }) };
    const delegation = await client().authority.delegate(request);
    output.result(delegation, (style) => renderDelegation(delegation, style));
  },
};

const delegationRevoke: Command = {
  name: 'delegation revoke',
  arguments: ['ID'],
  summary: 'end a delegation at once: yours, or one to you',
  details: ['No vote counts by it any more, those that were cast before included.'],
  options: [],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const delegation = await client().authority.revokeDelegation(invocation.arguments[0] ?? '');
    output.result(delegation, (style) => renderDelegation(delegation, style));
  },
};

/** In the order of help. */
export const delegationCommands: readonly Command[] = [delegationList, delegationAdd, delegationRevoke];
