/** Fills a ledger until it is killed: `node ledger-fill-child.ts DIRECTORY ENTRIES`; says when it has so many. */
import { writeSync } from 'node:fs';
import { makeId } from '../packages/gateway/src/core/ids.ts';
import { openKeys } from '../packages/gateway/src/ledger/keys.ts';
import { Publisher } from '../packages/gateway/src/ledger/publisher.ts';
import { openSqliteStore } from '../packages/gateway/src/stores/sqlite/store.ts';
import { clock, hashing, random } from '../packages/gateway/src/system.ts';
import { makeEntry } from './store.ts';

const [directory = '', entries = ''] = process.argv.slice(2);
const standardOutput = 1;
const callers = 256;

const store = await openSqliteStore({ directory });
const keys = await openKeys({ directory, origin: 'bench.example/ledger' });
const log = { checkpointPublished: () => undefined, ledgerFailed: () => undefined };
const publisher = new Publisher({ store, keys, clock, hashing, log });
await publisher.start();
let made = 0;
let published = 0;
/** A checkpoint is a second behind at most: so much comes in a second at the rate that the store is to keep. */
const MOST_UNPUBLISHED = 20_000;

async function publish(): Promise<void> {
  const size = made;
  await publisher.publishNow();
  published = Math.max(published, size);
}

async function caller(): Promise<never> {
  for (;;) {
    const action = makeId('act', clock.nowMs(), random.bytes(10));
    // What is told apart by nothing but its size would say nothing of a start: leaves are short, entries many.
    const short = (kind: 'intent' | 'outcome') => ({
      ...makeEntry(kind, action),
      leaf: `{"action":"${action}","kind":"${kind}"}`,
    });
    await store.append(short('intent')).done;
    store.append(short('outcome'));
    made += 2;
    if (made - published > MOST_UNPUBLISHED) await publish();
    if (made === Number(entries)) writeSync(standardOutput, 'full\n');
  }
}

await Promise.all(Array.from({ length: callers }, caller));
