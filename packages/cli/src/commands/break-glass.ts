import { setTimeout as pause } from 'node:timers/promises';
import { createProofKey, type ProofKey } from '@sallyport/sdk/grant';
import type { BreakGlass, IssuedGrant, OutcomeReport } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { digestOf } from '../digest.ts';
import { exitCodes, Failure } from '../failure.ts';
import { renderBreakGlass, renderUseSummary } from '../render-break-glass.ts';
import { sentence } from '../text.ts';

const usage = (code: string, message: string): Failure => new Failure('usage', code, message);
const idOf = ({ invocation }: Context): string => invocation.arguments[0] ?? '';

const print = ({ output }: Context, use: BreakGlass): void =>
  output.result(use, (style) => renderBreakGlass(use, style, output.width));

/** Between two looks at whether it is signed. */
const lookMs = 1_000;

const breakGlassRun: Command = {
  name: 'break-glass run',
  arguments: [],
  summary:
    'run an action of your own at once, without approval: with a reason, a passkey and a review afterwards',
  details: [
    'It prints a link, waits until you have signed there, and takes the grant. With --send URL it posts the arguments there with the grant as `Authorization: DPoP`, and reports what came of it.',
    'Without --send you perform it yourself, once, then say how it ended: sallyport break-glass report ID --outcome succeeded.',
    'Every use is in the ledger, and waits for the review of another person.',
  ],
  options: ['target', 'operation', 'arguments', 'datasets', 'reason', 'send'],
  remote: true,
  run: async (context) => {
    const { output } = context;
    const send = urlOf(context);
    const prepared = await context.client().prepareBreakGlass(requestOf(context));
    requireExact(prepared);
    if (output.interactive) print(context, prepared);
    output.note(`Nothing runs before you sign it: ${sentence(prepared.url)}`);
    const signed = await untilSigned(context, prepared);
    const key = await createProofKey();
    const proof = await key.prove({ method: 'POST', url: prepared.grantUrl }, context.system.nowMs());
    const issued = await context.client().grantBreakGlass(prepared.id, proof);
    if (send === null) {
      output.note(
        `Recorded. Perform it now, once; then: sallyport break-glass report ${signed.id} --outcome succeeded`,
      );
      return print(context, await context.client().getBreakGlass(signed.id));
    }
    const outcome = await sent(context, { use: signed, issued, key, url: send });
    print(context, await context.client().reportBreakGlass(signed.id, outcome));
    return exitCodes[outcome.status === 'succeeded' ? 'ok' : 'failed'].code;
  },
};

function requestOf({ invocation }: Context) {
  const target = invocation.text('target');
  const operation = invocation.text('operation');
  if (target === null || operation === null)
    throw usage('option.target', 'break-glass run needs --target NAME, --operation NAME and --reason TEXT');
  return {
    target,
    operation,
    reason: invocation.text('reason') ?? '',
    arguments: jsonOf<Record<string, unknown>>(invocation.text('arguments') ?? '{}', 'arguments'),
    datasets: jsonOf<{ dataset: string; access: ('read' | 'write')[] }[]>(
      invocation.text('datasets') ?? '[]',
      'datasets',
    ),
  };
}

function jsonOf<T>(text: string, option: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw usage(`option.${option}`, `--${option} is JSON`);
  }
}

function urlOf({ invocation }: Context): string | null {
  const given = invocation.text('send');
  if (given === null || URL.canParse(given)) return given;
  throw usage('option.send', '--send is a URL');
}

/** Throws where what is shown is not what its digest says (laws 1 and 6). */
function requireExact(use: BreakGlass): void {
  if (digestOf(use) === use.digest) return;
  const detail =
    'The gateway shows another action than the one to be signed. Nothing was signed; tell your operator.';
  throw new Failure('verification_failed', 'break_glass.digest_mismatch', detail);
}

/** What is forgotten, or was never signed in time, is not found any more. */
async function untilSigned(context: Context, { id }: BreakGlass): Promise<BreakGlass> {
  const signal = context.interruption();
  for (;;) {
    const use = await context.client().getBreakGlass(id);
    if (use.status !== 'prepared') return use;
    await pause(lookMs, undefined, { signal }).catch(() => {
      throw new Failure('refused', 'break_glass.unsigned', 'Nobody signed it. Nothing runs.');
    });
  }
}

interface Sending {
  readonly use: BreakGlass;
  readonly issued: IssuedGrant;
  readonly key: ProofKey;
  readonly url: string;
}

/** What came of it, as far as the answer says. Never repeated: it may have run. */
async function sent({ output, system }: Context, { use, issued, key, url }: Sending): Promise<OutcomeReport> {
  const { grant } = issued;
  const dpop = await key.prove({ method: 'POST', url, grant }, system.nowMs());
  const headers = { authorization: `DPoP ${grant}`, dpop, 'content-type': 'application/json' };
  const { arguments: body } = JSON.parse(use.command) as { readonly arguments: unknown };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'error',
    });
    output.note(`${url} answered ${response.status}`);
    return response.ok
      ? { status: 'succeeded' }
      : { status: 'failed', code: `http.${response.status.toString()}` };
  } catch {
    output.note(`${url} did not answer: whether it ran, nobody knows`);
    return { status: 'unknown', code: 'send.failed' };
  }
}

const breakGlassReport: Command = {
  name: 'break-glass report',
  arguments: ['ID'],
  summary: 'say how what you ran under break-glass ended',
  details: ['Once, within an hour: then it is unknown.'],
  options: ['outcome'],
  remote: true,
  run: async (context) => {
    const given = context.invocation.text('outcome');
    const status = (['succeeded', 'failed', 'unknown'] as const).find((each) => each === given);
    if (status === undefined) throw usage('option.outcome', '--outcome is succeeded, failed or unknown');
    print(context, await context.client().reportBreakGlass(idOf(context), { status }));
  },
};

const breakGlassList: Command = {
  name: 'break-glass list',
  arguments: [],
  summary: 'list uses of break-glass that nobody has reviewed',
  details: ['With --status closed those that are reviewed, with --status all every one.'],
  options: ['status'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const given = invocation.text('status') ?? 'open';
    const state = (['open', 'closed'] as const).find((each) => each === given);
    if (state === undefined && given !== 'all')
      throw usage('option.status', '--status is open, closed or all');
    const page = await client().listBreakGlass({ ...(state === undefined ? {} : { state }), limit: 100 });
    if (page.next !== null) output.note('these are the newest 100; there are more');
    output.result(page, (style) =>
      page.uses.length === 0
        ? 'there is none'
        : page.uses.map((use) => renderUseSummary(use, system.nowMs(), style)).join('\n'),
    );
  },
};

const breakGlassShow: Command = {
  name: 'break-glass show',
  arguments: ['ID'],
  summary: 'show one use whole: who ran what, why, and what came of it',
  details: [],
  options: [],
  remote: true,
  run: async (context) => print(context, await context.client().getBreakGlass(idOf(context))),
};

const breakGlassClose: Command = {
  name: 'break-glass close',
  arguments: ['ID'],
  summary: 'review a use of another person, with a finding',
  details: ['Whoever ran it can’t, under whatever account.'],
  options: ['finding', 'text'],
  remote: true,
  run: async (context) => {
    const given = context.invocation.text('finding');
    const finding = (['justified', 'not_justified'] as const).find((each) => each === given);
    if (finding === undefined) throw usage('option.finding', '--finding is justified or not_justified');
    const text = context.invocation.text('text') ?? '';
    const closing = { finding, text, channel: 'cli' } as const;
    print(context, await context.client().closeBreakGlass(idOf(context), closing));
  },
};

/** In the order of help. */
export const breakGlassCommands: readonly Command[] = [
  breakGlassRun,
  breakGlassReport,
  breakGlassList,
  breakGlassShow,
  breakGlassClose,
];
