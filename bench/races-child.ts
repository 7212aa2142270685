/**
 * A process that runs races over the embedded store until it is killed: `node races-child.ts DIRECTORY SEED`. Writes a
 * line, at once, for whatever somebody was told: `ack WHAT`, `race NUMBER`, `violation WORDS`.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import { runRace } from '../packages/gateway/test/support/crash-race.ts';
import { LedgerTail } from '../packages/gateway/test/support/crash-tail.ts';

const [directory = '', seed = ''] = process.argv.slice(2);
const standardOutput = 1;
const racesAtOnce = 128;
const say = (line: string): void => void writeSync(standardOutput, `${line}\n`);

const store = await openSqliteStore({ directory, walBytes: 4 << 20 });
say('open');
const tail = new LedgerTail(store, await store.read('size', {}));
let next = 0;

async function runner(): Promise<never> {
  for (;;) {
    const race = `${seed} ${next++}`;
    const { violations } = await runRace(store, race, (what) => say(`ack ${what}`), tail);
    for (const violation of violations) say(`violation ${race}: ${violation}`);
    say('race');
  }
}

await Promise.all(Array.from({ length: racesAtOnce }, runner));
