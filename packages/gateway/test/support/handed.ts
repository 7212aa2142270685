/** Rights that are handed over in a world of chats, and the part of the gateway that tells of it. */
import type { Channel } from '../../src/channels/channel.ts';
import type { Delegation } from '../../src/core/delegation.ts';
import { ok } from '../../src/core/result.ts';
import { outboxOf } from '../../src/outbox/outbox.ts';
import type { DelegationDesk } from '../../src/ports.ts';
import { HandingOver } from '../../src/review/handing-over.ts';
import type { Store } from '../../src/stores/store.ts';
import { clock, random } from '../../src/system.ts';
import type { Person } from '../../src/core/identity.ts';

export const handedFrom = (from: string, to: string, untilMs: number): Delegation => ({
  kind: 'delegation',
  id: 'dlg_01kajbch80ym6p68habwrg7z00',
  from,
  to,
  // Of people in tests the name is the identity.
  identities: { from, to },
  fromMs: 0,
  untilMs,
  madeAtMs: 0,
  origin: 'person',
  revoked: null,
  revision: 1,
});

interface World {
  delegations: Delegation[];
  readonly people: readonly Person[];
  readonly store: Store;
  readonly channel: Channel;
}

/** Over the world's own list. */
export function handingOver(world: World): HandingOver {
  const desk: DelegationDesk = {
    delegatorsOf: () => [],
    list: () => world.delegations,
    make: () => Promise.reject(new Error('not here')),
    revoke: async ({ by }) => {
      const [first] = world.delegations;
      if (first === undefined) throw new Error('nothing is handed over');
      const revoked = { ...first, revoked: { by: by.name, atMs: Date.now() } };
      world.delegations = [revoked];
      return ok(revoked);
    },
  };
  const log = { failed: () => undefined };
  const ports = {
    clock,
    store: world.store,
    directory: { people: () => world.people },
    outbox: outboxOf({ clock, random, channels: [world.channel], log }),
    log,
  };
  return new HandingOver(ports, desk);
}
