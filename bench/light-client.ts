// A client process of many light sessions, driven over the channel to its parent (see light-client-handle.ts).
import type { Answered, Order, Report } from './light-client-handle.ts';
import { LightSession } from './light-session.ts';
import type { Endpoint } from './pgbench.ts';

/** How many sessions are being opened at any moment. */
const openingAtOnce = 50;

const report = (message: Report): unknown => process.send?.(message);

async function read(endpoint: Endpoint, text: string): Promise<void> {
  const session = await LightSession.open(endpoint);
  const startedMs = performance.now();
  const answer = await session.query(text);
  const elapsedMs = performance.now() - startedMs;
  session.close();
  report({ kind: 'read', answer, elapsedMs });
}

/** Opens `count` sessions, of which each sends a statement of its own, and tells of every notice and every answer. */
async function hold(endpoint: Endpoint, count: number, text: string): Promise<void> {
  let next = 0;
  const answers: Promise<Answered>[] = [];
  const openSome = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const session = await LightSession.open(endpoint);
      session.onNotice = (notice) => report({ kind: 'notice', text: notice });
      const answer = session.query(text.replace('$number', String(number)));
      answers.push(
        answer.then(({ rows, error }) => {
          session.close();
          return { rows, error };
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: openingAtOnce }, openSome));
  const answered = await Promise.all(answers);
  const failures = answered.flatMap(({ rows, error }) => error ?? (rows === 0 ? 'no row' : []));
  report({ kind: 'held', answered: answered.length - failures.length, failures: failures.slice(0, 3) });
}

process.on('message', (order: Order) => {
  const work =
    order.kind === 'read' ? read(order.endpoint, order.text) : hold(order.endpoint, order.count, order.text);
  work.catch((error: unknown) => report({ kind: 'failed', message: String(error) }));
});
process.on('disconnect', () => process.exit(0));
