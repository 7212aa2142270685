import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfiguration } from '../../packages/gateway/src/config/load.ts';
import { createPolicyEngine } from '../../packages/gateway/src/policy/engine.ts';
import { ensureConfiguration } from '../configuration.ts';
import type { SampleDatabase } from '../database.ts';
import { freePort } from '../server.ts';
import { secret } from '../state.ts';

const database: SampleDatabase = {
  host: '127.0.0.1',
  port: 5555,
  database: 'shop',
  user: 'sallyport_gateway',
  password: 'unused',
  stop: () => Promise.resolve(),
};

let stateDirectory: string;
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'sallyport-configuration-'));
  secret(stateDirectory, 'postgres-gateway');
});
afterEach(() => rmSync(stateDirectory, { recursive: true }));

const squat = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
  });

it('writes a configuration that the gateway accepts, with every secret in a file of its own', async () => {
  const { path, agentToken, tokens } = await ensureConfiguration(stateDirectory, database, {});
  const loaded = await loadConfiguration(path, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  expect(loaded.value.targets[0]).toMatchObject({ name: 'shop', port: 5555, environment: 'production' });
  expect(loaded.value.state).toBe(join(stateDirectory, 'gateway'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  for (const token of [agentToken, ...Object.values(tokens)]) expect(text).not.toContain(token);
});

it('has policies of its own, of which one escalates, and a calendar that they can name', async () => {
  const { path } = await ensureConfiguration(stateDirectory, database, {});
  const loaded = await loadConfiguration(path, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { policies, groups, people, agents, targets, calendars } = loaded.value;
  const engine = await createPolicyEngine({
    policies: policies.files,
    names: {
      groups: groups.map(({ name }) => name),
      people: people.map(({ person }) => person.name),
      agents: agents.map(({ agent }) => agent.name),
      targets: targets.map(({ name }) => name),
      calendars: calendars.map(({ name }) => name),
    },
  });
  expect(engine.ok).toBe(true);
  expect(calendars.map(({ name }) => name)).toEqual(['office']);
  const text = policies.files.map((file) => file.text).join('');
  expect(text.match(/^@escalate.*$/gm)).toEqual(['@escalate("15m group:on-call")']);
  writeFileSync(join(stateDirectory, 'policies', '90-mine.cedar'), '// mine');
  await ensureConfiguration(stateDirectory, database, {});
  expect(readFileSync(join(stateDirectory, 'policies', '90-mine.cedar'), 'utf8')).toBe('// mine');
});

it('keeps tokens and every byte that a person wrote, and follows the database to another port', async () => {
  const first = await ensureConfiguration(stateDirectory, database, {});
  const written = `# mine\n${readFileSync(first.path, 'utf8')}`;
  writeFileSync(first.path, written);
  const second = await ensureConfiguration(stateDirectory, { ...database, port: 5556 }, {});
  expect(second).toEqual(first);
  expect(readFileSync(second.path, 'utf8')).toBe(written.replace('port: 5555', 'port: 5556'));
});

it('keeps the ports that were asked for once, and refuses one that is taken', async () => {
  const apiPort = await freePort();
  await ensureConfiguration(stateDirectory, database, { apiPort });
  const squatter = await squat(apiPort ?? 0);
  await expect(ensureConfiguration(stateDirectory, database, {})).rejects.toThrow(
    `Port ${apiPort} is taken by another program. Stop that one, or choose with --api-port N.`,
  );
  squatter.close();
});

it('says what is missing from a configuration that the sample can no longer use', async () => {
  const { path } = await ensureConfiguration(stateDirectory, database, {});
  writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}api: .*\n/, ''));
  await expect(ensureConfiguration(stateDirectory, database, {})).rejects.toThrow('no listen.api.port');
});
