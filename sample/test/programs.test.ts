import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../server.ts';
import { removeServerHome } from '../server-home.ts';

/** A dozen commands in processes of their own, one after the other. */
const demoTimeoutMs = 180_000;

const directory = mkdtempSync(join(tmpdir(), 'sallyport-programs-'));
const stateDirectory = join(directory, 'state');
afterAll(() => {
  removeServerHome(stateDirectory);
  rmSync(directory, { recursive: true });
});

/** A program of the sample, as npm runs it. */
function launch(name: string, args: readonly string[] = []) {
  const program = join(import.meta.dirname, '..', name);
  const child = spawn(process.execPath, ['--conditions=sallyport-source', program, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended, output: () => output };
}

/** Starts the sample and resolves with what it printed when it was ready. */
async function start(args: readonly string[]) {
  const { child, ended, output } = launch('start.ts', ['--state', stateDirectory, ...args]);
  const ready = new Promise<string>((resolve) => {
    child.stdout.on('data', () => output().includes('What to try') && resolve(output()));
  });
  const early = ended.then(({ output: said }) => Promise.reject(new Error(said)));
  return { child, ended, text: await Promise.race([ready, early]) };
}

const databaseUrlOf = (text: string): string => /DATABASE_URL='(.*)'/.exec(text)?.[1] ?? '';

async function rowsThrough(connectionString: string): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query('SELECT count(*)::int AS count FROM products')).rows;
  } finally {
    await client.end();
  }
}

it('npm start prints a connection line that works, stops cleanly, and starts again with the same tokens', async () => {
  const ports = ['--api-port', String(await freePort()), '--pg-port', String(await freePort())];
  const first = await start(ports);
  expect(await rowsThrough(databaseUrlOf(first.text))).toEqual([{ count: 400 }]);
  expect(statSync(stateDirectory).mode & 0o777).toBe(0o700);
  first.child.kill('SIGINT');
  expect((await first.ended).code).toBe(0);

  const second = await start([]);
  const lines = /(DATABASE_URL|SALLYPORT_URL)=.*/g;
  expect(second.text.match(lines)).toEqual(first.text.match(lines));
  expect(await rowsThrough(databaseUrlOf(second.text))).toEqual([{ count: 400 }]);
  second.child.kill('SIGTERM');
  expect(await second.ended).toMatchObject({ code: 0, output: expect.stringContaining('stopped') as string });
});

it('npm run demo plays the whole story and ends with 0', { timeout: demoTimeoutMs }, async () => {
  const { ended } = launch('demo.ts');
  const { code, output } = await ended;
  expect(output).toContain('one approved export was executed, once');
  expect(code, output).toBe(0);
});
