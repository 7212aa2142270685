/** A fault of the gateway's own, put where a bug could be: in what one session sends, and in what it is answered. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Responses } from '../../src/connectors/postgres/session/responses.ts';
import { Simple } from '../../src/connectors/postgres/session/simple.ts';
import { queryMessage } from '../../src/connectors/postgres/wire/frontend.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { codesOf, firstColumn, RawClient } from '../support/system-raw.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.close());
afterEach(() => vi.restoreAllMocks());

const fault = (): never => {
  throw new Error('a bug');
};

/** Another session, before and after the fault of the first. */
async function besides(faulty: (client: RawClient) => Promise<void>): Promise<void> {
  const [client, other] = [await RawClient.connect(system), await RawClient.connect(system)];
  expect(firstColumn(await other.query('SELECT 1'))).toEqual(['1']);
  await faulty(client);
  expect(firstColumn(await other.query('SELECT 2'))).toEqual(['2']);
  other.end();
}

test('in what a client sends: its session ends, and the others go on', async () => {
  await besides(async (client) => {
    vi.spyOn(Simple.prototype, 'query').mockImplementationOnce(fault);
    client.send(queryMessage('SELECT 3'));
    expect(codesOf(await client.until('E'))).toEqual(['XX000']);
    await eventually('the end of the session', () => client.isClosed || undefined);
  });
});

test('in what the target answers: nobody knows how that ended, and the others go on', async () => {
  await besides(async (client) => {
    vi.spyOn(Responses.prototype, 'push').mockImplementationOnce(fault);
    client.send(queryMessage('SELECT 4'));
    await eventually('the end of the session', () => client.isClosed || undefined);
  });
  const leaves = await system.checkLedger();
  const unknown = leaves.filter((leaf) => leaf.kind === 'outcome' && leaf.outcome?.status === 'unknown');
  expect(unknown).toHaveLength(1);
});
