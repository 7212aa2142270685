/** Who people are at each instant, and who decides in whose place. */
import type { Configuration } from '../config/configuration.ts';
import { calendarsOpenAt } from '../core/calendar-hours.ts';
import { onCallAt } from '../core/rota.ts';
import { StaticDirectory } from '../identity/directory.ts';
import { RotatingDirectory } from '../identity/rotating.ts';
import { limits as bounds } from '../limits.ts';
import type { Clock, DelegationDesk, Directory } from '../ports.ts';
import { Delegations, type DelegationPorts } from '../review/delegations.ts';

/** With the groups of the instant in which somebody asks. */
export function directoryOf(
  { agents, people, rotas, calendars, limits }: Configuration,
  clock: Pick<Clock, 'nowMs'>,
): Directory {
  const everybody = new StaticDirectory(
    agents.map(({ agent }) => agent),
    people.map(({ person }) => person),
  );
  if (rotas.length === 0) return everybody;
  const openAt = calendarsOpenAt(calendars, { ...bounds, ...limits });
  return new RotatingDirectory(everybody, clock, onCallAt(rotas, openAt));
}

/** Resolves when what the configuration says of them is recorded. */
export const delegationsOf = (
  { delegations }: Configuration,
  ports: DelegationPorts,
): Promise<DelegationDesk> => Delegations.open(ports, delegations);
