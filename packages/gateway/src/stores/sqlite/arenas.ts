import { allocateArena } from './arena.ts';
import type { ArenaRoom } from './arena.ts';
import { makeArena } from './batch.ts';
import type { Arena } from './batch.ts';

/**
 * What the worker takes at most in one turn, so that it holds a processor for some milliseconds at most; a larger entry
 * gets an arena of its own.
 */
const ARENA_ROOM: ArenaRoom = { entries: 512, leafBytes: 1 << 17, asideBytes: 1 << 17 };
/** One is filled while the database takes over others, and changes come in between. */
const SPARE_ARENAS = 16;

/** Memory that is shared with the worker, used over and over. */
export class Arenas {
  readonly #spare: Arena[] = [];
  #kept = 0;
  #number = 0;

  take(room: ArenaRoom): Arena {
    const { entries, leafBytes, asideBytes } = ARENA_ROOM;
    const fits = room.entries <= entries && room.leafBytes <= leafBytes && room.asideBytes <= asideBytes;
    const spare = fits ? this.#spare.pop() : undefined;
    if (spare !== undefined) return spare;
    const keep = fits && this.#kept < SPARE_ARENAS;
    if (keep) this.#kept += 1;
    this.#number += 1;
    return makeArena(this.#number, keep, allocateArena(fits ? ARENA_ROOM : room));
  }

  giveBack(arena: Arena): void {
    if (arena.keep) this.#spare.push(arena);
  }
}
