import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { psql } from '../support/system-programs.ts';
import { eventually } from '../support/system-wait.ts';

const cli = fileURLToPath(new URL('../../../cli/bin/sallyport.js', import.meta.url));
const never = `@id("never-phones") @reason("Telephone numbers stay where they are.")
forbid (principal is Agent, action in Action::"sql", resource is Target)
when { context.columnsRead.contains("public.customers.phone") };`;
const read = 'SELECT phone FROM customers LIMIT 5';

let system: TestSystem;
let policies: string;

beforeAll(async () => {
  system = await startTestSystem({ policies: '// nothing more' });
  policies = join(dirname(system.configPath), 'policies');
});
afterAll(() => system.close());

async function sallyport(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], SALLYPORT_URL: system.apiUrl, SALLYPORT_TOKEN: system.samToken };
  const child = spawn(process.execPath, [cli, ...args, '--config', system.configPath], { env });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

const leaves = async (): Promise<readonly Record<string, unknown>[]> =>
  (await system.checkLedger()) as unknown as readonly Record<string, unknown>[];
const noticesOf = async (code: string): Promise<readonly Record<string, string>[]> =>
  (await leaves())
    .map(({ notice }) => notice as Record<string, string> | undefined)
    .filter((notice) => notice !== undefined)
    .filter((notice) => notice['code'] === code);

const first = async (code: string) => (await noticesOf(code))[0];
/** Two looks at the files, and a check of all policies, on a machine that does other things as well. */
const SETTLED_MS = 40_000;

test(
  'what really happened is replayed under a draft, and explained from its record',
  { timeout: 120_000 },
  async () => {
    expect(await psql(system, [read, 'SELECT count(*) FROM customers']).ended).toMatchObject({ exitCode: 0 });
    const draft = join(dirname(system.configPath), 'draft');
    cpSync(policies, draft, { recursive: true });
    writeFileSync(join(draft, '90-test.cedar'), never);
    const ran = await sallyport('policy', 'replay', '--draft', draft, '--since', '1h', '--json');
    expect(ran.stderr).toBe('');
    const report = JSON.parse(ran.stdout) as { changed: { action: string }[]; undecided: unknown[] };
    expect(report).toMatchObject({
      decided: 2,
      unchanged: 1,
      drifted: 0,
      undecided: [],
      changed: [{ change: 'denied', from: 'allow', after: ['never-phones'], agent: system.agent }],
    });
    const why = await sallyport('policy', 'explain', report.changed[0]?.action ?? '', '--dir', draft);
    expect(why.stdout).toContain('without the column public.customers.phone: allowed by read-data');
    expect(why.code).toBe(0);
    rmSync(draft, { recursive: true });
  },
);

test(
  'a changed file is in force without a restart, recorded first; an invalid one changes nothing',
  { timeout: 120_000 },
  async () => {
    const file = join(policies, '90-test.cedar');
    writeFileSync(file, never);
    await eventually('the change in the ledger', () => first('policy.changed'), SETTLED_MS);
    const { complaint } = await psql(system, [read]).ended;
    expect(complaint).toMatch(/ERROR.*Telephone numbers stay where they are\./s);
    const changed = await noticesOf('policy.changed');
    expect(changed).toMatchObject([{ added: 'never-phones', removed: '', changed: '' }]);
    expect(changed[0]?.['author']).toMatch(/^uid:\d+$/);

    writeFileSync(file, never.replace('columnsRead', 'colunmsRead'));
    await eventually('the refusal in the ledger', () => first('policy.refused'), SETTLED_MS);
    expect((await psql(system, [read]).ended).complaint).toContain('Telephone numbers');
    expect(await noticesOf('policy.changed')).toHaveLength(1);
  },
);
