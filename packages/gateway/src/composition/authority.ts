/** Who people are at each instant, and who decides in whose place. */
import type { Configuration } from '../config/configuration.ts';
import { calendarsOpenAt } from '../core/calendar-hours.ts';
import { onCallAt } from '../core/rota.ts';
import { StaticDirectory } from '../identity/directory.ts';
import { RotatingDirectory } from '../identity/rotating.ts';
import { limits as bounds } from '../limits.ts';
import type { Clock, Directory } from '../ports.ts';
import type { HandedRights } from '../ports-chat.ts';
import { Delegations, type DelegationPorts } from '../review/delegations.ts';
import { HandingOver, type HandingPorts } from '../review/handing-over.ts';
import type { Log } from '../telemetry/log.ts';

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

/** Chats are opened before what people handed over is known: until then nobody has anybody's right. */
export class LateRights implements HandedRights {
  rights: HandedRights | undefined;

  list(): ReturnType<HandedRights['list']> {
    return this.rights?.list() ?? [];
  }
}

/** Resolves when what the configuration says of them is recorded. */
export async function delegationsOf(
  { configuration, log }: { readonly configuration: Configuration; readonly log: Log },
  ports: DelegationPorts & Omit<HandingPorts, 'log'>,
  late: LateRights,
): Promise<HandingOver> {
  const book = await Delegations.open(ports, configuration.delegations);
  const desk = new HandingOver({ ...ports, log }, book);
  late.rights = desk;
  return desk;
}
