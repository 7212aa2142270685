import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { psql } from '../support/system-programs.ts';

const cli = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));
const never = `@id("never-phones") @reason("Telephone numbers stay where they are.")
forbid (principal is Agent, action in Action::"sql", resource is Target)
when { context.columnsRead.contains("public.customers.phone") };`;
const read = 'SELECT phone FROM customers LIMIT 5';
const held = 'SELECT email FROM customers';

let system: TestSystem;
let policies: string;

beforeAll(async () => {
  system = await startTestSystem({ policies: '// nothing more' });
  policies = join(dirname(system.configPath), 'policies');
});
afterAll(() => system.close());

type Name = Parameters<TestSystem['as']>[0];

async function sallyport(who: Name, ...args: string[]): Promise<{ code: number | null; said: string }> {
  const token = system.tokenOf(who);
  const env = { PATH: process.env['PATH'], SALLYPORT_URL: system.apiUrl, SALLYPORT_TOKEN: token };
  const child = spawn(process.execPath, [cli, ...args], { env });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

const noticesOf = async (code: string): Promise<readonly Record<string, string>[]> =>
  ((await system.checkLedger()) as unknown as readonly { notice?: Record<string, string> }[])
    .flatMap(({ notice }) => (notice === undefined ? [] : [notice]))
    .filter((notice) => notice['code'] === code);

test(
  'one person proposes policies, another one puts them into force, and the ledger says who',
  { timeout: 120_000 },
  async () => {
    expect((await psql(system, [read]).ended).exitCode).toBe(0);
    const draft = join(dirname(system.configPath), 'draft');
    cpSync(policies, draft, { recursive: true });
    writeFileSync(join(draft, '90-test.cedar'), never);
    const byAgent = await sallyport('agent', 'policy', 'propose', draft, '--reason', 'phones', '--json');
    expect(byAgent.code).toBe(2);
    expect(byAgent.said).toContain('access.people_only');
    const made = await sallyport('sam', 'policy', 'propose', draft, '--reason', 'phones', '--json');
    expect(made.code).toBe(0);
    const { id, replay } = JSON.parse(made.said) as { id: string; replay: { changed: { to: string }[] } };
    expect(replay.changed).toMatchObject([{ from: 'allow', to: 'deny', after: ['never-phones'] }]);
    expect(await sallyport('sam', 'policy', 'approve', id, '--yes')).toMatchObject({ code: 2 });
    expect(await sallyport('olga', 'policy', 'approve', id, '--yes')).toMatchObject({ code: 2 });
    const shown = await sallyport('kim', 'policy', 'change', id);
    expect(shown.said).toContain('+ @id("never-phones")');
    expect(await sallyport('kim', 'policy', 'approve', id, '--yes')).toMatchObject({ code: 0 });
    expect((await psql(system, [read]).ended).complaint).toContain('Telephone numbers stay where they are.');
    expect(readFileSync(join(policies, '90-test.cedar'), 'utf8')).toBe(never);
    expect(await noticesOf('policy.changed')).toMatchObject([
      { author: 'person:sam', approvedBy: 'kim', added: 'never-phones', change: id },
    ]);
    expect(await noticesOf('call.refused')).toMatchObject([{ action: 'api:policies.read' }]);
  },
);

test(
  'somebody stands in for a reviewer: named by who-can-approve, counted, and refused once it is ended',
  { timeout: 120_000 },
  async () => {
    const waiting = psql(system, [held]);
    const review = await system.pending('email FROM customers');
    const refused = await sallyport('olga', 'approve', review.id, '--yes');
    expect(refused.code).toBe(2);
    expect(refused.said).toContain('vote.not_entitled');
    const made = await sallyport('kim', 'delegation', 'add', 'olga', '--for', '1h', '--json');
    expect(made.code).toBe(0);
    const who = await sallyport('sam', 'policy', 'who-can-approve', review.id);
    expect(who.said).toContain('can  olga has the right of kim');
    expect(who.said).toContain('ana stands behind the request');
    expect(await sallyport('olga', 'approve', review.id, '--yes')).toMatchObject({ code: 0 });
    expect((await waiting.ended).exitCode).toBe(0);
    const { id } = JSON.parse(made.said) as { id: string };
    expect(await sallyport('kim', 'delegation', 'revoke', id)).toMatchObject({ code: 0 });
    const again = psql(system, [`${held} WHERE id > 3`]);
    const next = await system.pending('id > 3');
    const late = await sallyport('olga', 'approve', next.id, '--yes');
    expect(late.said).toContain('vote.not_entitled');
    await system.reject('id > 3', 'enough');
    await again.ended;
    expect(await noticesOf('delegation.revoked')).toMatchObject([{ from: 'kim', to: 'olga', by: 'kim' }]);
  },
);
