/** A local Slack beside the sample, for whoever wants to decide in a chat without an account. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { FakeSlack } from '../packages/gateway/test/fakes/slack/slack.ts';
import { people } from './configuration.ts';
import { writePrivateFile } from './state.ts';

export interface SampleSlack {
  /** The page with its messages. */
  readonly url: string;
  /** The sample's configuration with this Slack in it, written anew at each start. */
  readonly configPath: string;
  close(): Promise<void>;
}

const accountOf = (person: string): string => `U0${person.toUpperCase()}`;
/** Everybody but Olga is known; she shows how an account is linked. */
const linked = people.filter((name) => name !== 'olga');

export async function startFakeSlack(configPath: string): Promise<SampleSlack> {
  const slack = await new FakeSlack().start();
  for (const name of people) slack.workspace.addUser(accountOf(name), name);
  const directory = dirname(configPath);
  const { botToken, appToken, team } = slack.workspace;
  writePrivateFile(join(directory, 'secrets', 'slack-bot'), `${botToken}\n`);
  writePrivateFile(join(directory, 'secrets', 'slack-app'), `${appToken}\n`);
  const document = parseDocument(readFileSync(configPath, 'utf8'));
  document.setIn(['channels', 'slack'], {
    team,
    apiUrl: slack.apiUrl,
    botToken: { file: 'secrets/slack-bot' },
    appToken: { file: 'secrets/slack-app' },
    channel: 'C0REVIEWS',
  });
  const { people: configured = [] } = document.toJS() as {
    readonly people?: readonly { readonly name: string }[];
  };
  for (const [index, { name }] of configured.entries())
    if (linked.some((known) => known === name))
      document.setIn(['people', index, 'slack'], { team, user: accountOf(name) });
  const path = join(directory, 'sallyport-with-fake-slack.yaml');
  writePrivateFile(path, document.toString());
  return { url: slack.url, configPath: path, close: () => slack.close() };
}
