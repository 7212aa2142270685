/** Who people are at each instant, and who decides in whose place. */
import type { Configuration } from '../config/configuration.ts';
import { calendarsOpenAt } from '../core/calendar-hours.ts';
import { onCallAt } from '../core/rota.ts';
import { StaticDirectory } from '../identity/directory.ts';
import { RotatingDirectory } from '../identity/rotating.ts';
import type { DelegationDesk, Directory } from '../ports.ts';
import { Delegations, type DelegationPorts } from '../review/delegations.ts';

export interface Authority {
  readonly directory: Directory;
  readonly delegations: DelegationDesk;
}

/** Resolves when what the configuration says of delegations is recorded. */
export async function authorityOf(
  { agents, people, rotas, calendars, delegations }: Configuration,
  ports: Omit<DelegationPorts, 'directory'>,
): Promise<Authority> {
  const everybody = new StaticDirectory(
    agents.map(({ agent }) => agent),
    people.map(({ person }) => person),
  );
  const onCall = onCallAt(rotas, calendarsOpenAt(calendars, ports.limits));
  const directory = rotas.length === 0 ? everybody : new RotatingDirectory(everybody, ports.clock, onCall);
  return { directory, delegations: await Delegations.open({ ...ports, directory }, delegations) };
}
