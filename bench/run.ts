import { parseArgs } from 'node:util';
import { formatFigures, type Bench } from './figures.ts';

/** Topic → its file, loaded when it is asked for. */
const topics: Readonly<Record<string, () => Promise<{ readonly run: Bench }>>> = {
  channels: () => import('./channels.ts'),
  ledger: () => import('./ledger.ts'),
  'ledger-crash': () => import('./ledger-crash.ts'),
  policy: () => import('./policy.ts'),
  postgres: () => import('./postgres.ts'),
  races: () => import('./races.ts'),
  reviews: () => import('./reviews.ts'),
  store: () => import('./store.ts'),
};

const usage = `npm run bench -- TOPIC [--quick] [--only TEXT] [--without-sallyport]
  topics: ${Object.keys(topics).join(', ')}
  --quick              three short rounds: shows that everything runs
  --only TEXT          only cells and parts whose name contains TEXT
  --without-sallyport  the yardsticks alone`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        'without-sallyport': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return misunderstood(String(error));
  }
}

function misunderstood(problem: string): never {
  process.stderr.write(`${problem}\n\n${usage}\n`);
  process.exit(2);
}

const { values, positionals } = readArguments();
const [topic = ''] = positionals;
const load = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
if (load === undefined) misunderstood(topic === '' ? 'Which topic?' : `There is no topic "${topic}".`);
const { run } = await load();
const figures = await run({
  quick: values.quick,
  only: values.only,
  withoutSallyport: values['without-sallyport'],
});
process.stdout.write(`\n${formatFigures(figures)}\n`);
process.stdout.write(`${JSON.stringify({ bench: topic, figures })}\n`);
process.exitCode = figures.every((figure) => figure.ok) ? 0 : 1;
