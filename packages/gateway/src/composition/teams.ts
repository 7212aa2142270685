/** The part of the composition root that is about Microsoft Teams. */
import { clouds } from '../channels/teams/clouds.ts';
import { TeamsChannel } from '../channels/teams/channel.ts';
import type { TeamsOptions } from '../channels/teams/options.ts';
import type { Configuration } from '../config/configuration.ts';
import { noticeEntry } from '../core/entry.ts';
import type { Store } from '../ports.ts';

type TeamsPorts = Pick<
  TeamsOptions,
  'accounts' | 'clock' | 'directory' | 'handed' | 'hashing' | 'limits' | 'log' | 'policy' | 'publicUrl'
> & {
  readonly configuration: Pick<Configuration, 'channels' | 'people'>;
  readonly store: Pick<Store, 'append'>;
};

/** Null: it isn't used. */
export function teamsChannel(ports: TeamsPorts): TeamsChannel | null {
  const { clock, configuration, store } = ports;
  const { teams } = configuration.channels;
  if (teams === null) return null;
  const { tenant } = teams;
  const byEmail = new Map(configuration.people.map(({ email, person }) => [email, person.name]));
  return new TeamsChannel({
    ...ports,
    ...teams,
    addresses: addressesOf(teams),
    linkByName: teams.linkByPrincipalName,
    personByEmail: (email) => byEmail.get(email.toLowerCase()),
    recordRefused: async (actor, review, times) => {
      const whose = { platform: 'teams', tenant, account: actor?.user ?? '' };
      const details = { ...whose, review: review ?? '', times: times.toString() };
      await store.append(noticeEntry('chat.refused', details, clock.nowMs())).done;
    },
    recordForged: async (code) => {
      await store.append(noticeEntry('chat.forged', { platform: 'teams', fault: code }, clock.nowMs())).done;
    },
  });
}

type Configured = NonNullable<Configuration['channels']['teams']>;

function addressesOf({ addresses, cloud }: Configured): TeamsOptions['addresses'] {
  const whole = { ...clouds[cloud], ...addresses };
  // The configuration was refused where neither names one.
  if (whole.serviceUrl === null) throw new Error('channels.teams.addresses.serviceUrl is missing');
  return { ...whole, serviceUrl: whole.serviceUrl };
}
