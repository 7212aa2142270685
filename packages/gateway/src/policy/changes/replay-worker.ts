/** Replays recorded actions in a thread of its own: thousands of decisions would stall traffic. */
import { parentPort, workerData } from 'node:worker_threads';
import { calendarsOpenAt } from '../../core/calendar-hours.ts';
import { limits } from '../../limits.ts';
import { readAttempt } from '../analysis/recorded.ts';
import { replayAttempts } from '../analysis/replaying.ts';
import { engineOf } from '../engine.ts';
import type { ReplayTask } from './replay-in-worker.ts';

const { current, proposed, leaves, agents, calendars, ...bounds } = workerData as ReplayTask;
const surroundings = {
  agents: new Map(agents.map((agent) => [agent.name, agent])),
  calendarsAt: calendarsOpenAt(calendars, limits),
};
// An action that was reviewed has several entries; the first that records the attempt counts, and leaves come newest first.
const found = new Map(
  leaves
    .map((leaf) => readAttempt(leaf, surroundings))
    .filter((attempt) => attempt !== undefined && attempt.atMs >= bounds.sinceMs)
    .flatMap((attempt) => (attempt === undefined ? [] : [[attempt.action, attempt] as const])),
);
const engines = { current: engineOf(current, 'current'), proposed: engineOf(proposed, 'proposed') };
parentPort?.postMessage(replayAttempts([...found.values()], engines, bounds));
