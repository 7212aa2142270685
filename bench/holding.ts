import { SallyportClient } from '@sallyport/sdk';
import { below, information, median, percentile, type BenchOptions, type Figure } from './figures.ts';
import type { GatewayProcess } from './gateway-handle.ts';
import { LightClient } from './light-client-handle.ts';
import { LightSession } from './light-session.ts';

/** Classified, and without a limit: the default policies ask a person. Another statement for each number. */
const heldStatement = 'SELECT email FROM people WHERE id <> $number';
const reviewId = /rev_[0-9a-z]{26}/;
const votesAtOnce = 16;
const wanted = { voteToRowMs: 50, sessionKiB: 40 };
/** So that code and buffers which the first sessions bring don't count as theirs. */
const warmUpSessions = 100;

/** From the vote, as it is sent to the API, to the first row at the client; one held statement at a time. */
export async function runVoteToRow(
  gateway: GatewayProcess,
  options: BenchOptions,
): Promise<readonly Figure[]> {
  const count = options.quick ? 50 : 200;
  const reviewer = reviewerOf(gateway);
  const session = await LightSession.open(gateway.endpoint);
  const delaysMs: number[] = [];
  for (let number = 0; number < count; number++) {
    const opened = new Promise<string>((resolve) => (session.onNotice = resolveReview(resolve)));
    const answer = session.query(heldStatement.replace('$number', String(1_000_000 + number)));
    const id = await orFailed(opened, answer);
    const { digest, rendering } = await reviewer.getReview(id);
    const votedAtMs = performance.now();
    await reviewer.vote(id, { kind: 'approve', digest, rendering });
    const { rows, firstRowAtMs, error } = await answer;
    if (error !== null || rows === 0) throw new Error(`An approved statement gave ${error ?? 'no row'}`);
    delaysMs.push(firstRowAtMs - votedAtMs);
  }
  session.close();
  return [
    information('vote to first row: p50', median(delaysMs), 'ms'),
    below('vote to first row: p99', percentile(delaysMs, 0.99), 'ms', wanted.voteToRowMs),
  ];
}

/** Thousands of sessions held at once: what each costs the gateway, and that each is answered when approved. */
export async function runHeldSessions(
  gateway: GatewayProcess,
  options: BenchOptions,
): Promise<readonly Figure[]> {
  const count = options.quick ? 500 : 5_000;
  await holdAndApprove(gateway, { count: warmUpSessions, firstNumber: 2_000_000 });
  const before = await gateway.memoryAfterCollection();
  const { answered, failures, memoryMiB, approvingMs } = await holdAndApprove(gateway, {
    count,
    firstNumber: 3_000_000,
  });
  if (failures.length > 0) process.stdout.write(`held sessions failed: ${failures.join('; ')}\n`);
  return [
    below('held sessions: memory each', ((memoryMiB - before) * 1024) / count, 'KiB', wanted.sessionKiB),
    {
      name: 'held sessions: answered when approved',
      value: answered,
      unit: '',
      want: `= ${count}`,
      ok: answered === count,
    },
    information('held sessions: from the first vote to the last answer', approvingMs / 1000, 's'),
  ];
}

async function holdAndApprove(
  gateway: GatewayProcess,
  { count, firstNumber }: { readonly count: number; readonly firstNumber: number },
) {
  const reviewer = reviewerOf(gateway);
  const client = new LightClient();
  const reviews = new Set<string>();
  const text = heldStatement.replace('$number', `${firstNumber} + $number`);
  const allHeld = Promise.withResolvers<void>();
  const answers = client.hold({ endpoint: gateway.endpoint, text, count }, (notice) => {
    const id = reviewId.exec(notice)?.[0];
    if (id !== undefined) reviews.add(id);
    if (reviews.size === count) allHeld.resolve();
  });
  await orFailed(allHeld.promise, answers);
  const memoryMiB = await gateway.memoryAfterCollection();
  const startedMs = performance.now();
  await approveAll(reviewer, [...reviews]);
  const { answered, failures } = await answers;
  const approvingMs = performance.now() - startedMs;
  await client.stop();
  return { answered, failures, memoryMiB, approvingMs };
}

async function approveAll(reviewer: SallyportClient, reviews: string[]): Promise<void> {
  const approveSome = async (): Promise<void> => {
    for (let id = reviews.pop(); id !== undefined; id = reviews.pop()) {
      const { digest, rendering } = await reviewer.getReview(id);
      await reviewer.vote(id, { kind: 'approve', digest, rendering });
    }
  };
  await Promise.all(Array.from({ length: votesAtOnce }, approveSome));
}

const reviewerOf = ({ apiUrl, reviewerToken }: GatewayProcess): SallyportClient =>
  new SallyportClient({ url: apiUrl, token: reviewerToken });

function resolveReview(resolve: (id: string) => void): (notice: string) => void {
  return (notice) => {
    const id = reviewId.exec(notice)?.[0];
    if (id !== undefined) resolve(id);
  };
}

/** What is waited for, unless the statements are answered before it: then nothing held them. */
function orFailed<T>(awaited: Promise<T>, answers: Promise<unknown>): Promise<T> {
  const early = answers.then((answer) => {
    throw new Error(`Nothing was held: ${JSON.stringify(answer)}`);
  });
  early.catch(() => undefined);
  return Promise.race([awaited, early]);
}
