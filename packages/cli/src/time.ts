import type { Invocation } from './command.ts';
import { Failure } from './failure.ts';

const secondMs = 1_000;
const units = { s: secondMs, m: 60 * secondMs, h: 3_600 * secondMs, d: 86_400 * secondMs } as const;

/** RFC 3339 as it is, or an age such as `7d` counted back from now, as RFC 3339; null for anything else. */
export function parseWhen(text: string, nowMs: number): string | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return new Date(nowMs - Number(count) * units[unit as keyof typeof units]).toISOString();
  }
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return null;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? null : new Date(timeMs).toISOString();
}

/** So long after an instant, as RFC 3339: `8h`, `5d`; null for anything else. */
export function parseAhead(text: string, fromMs: number): string | null {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return null;
  return new Date(fromMs + Number(count) * units[unit as keyof typeof units]).toISOString();
}

/** What `--since` and `--until` say, as the API has it; what isn't given is left out. */
export function whenOf(invocation: Invocation, nowMs: number): { since?: string; until?: string } {
  const when = (name: 'since' | 'until') => {
    const given = invocation.text(name);
    if (given === null) return {};
    const instant = parseWhen(given, nowMs);
    if (instant !== null) return { [name]: instant };
    throw new Failure(
      'usage',
      `option.${name}`,
      `--${name} is a time such as 2026-11-21T09:30:00Z, or an age such as 7d`,
    );
  };
  return { ...when('since'), ...when('until') };
}

/** `29 min`, `45 s`, `3 h 5 min`: two units at most, rounded down, for people. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / secondMs);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Time of day in UTC, for what is near; with its date where that is not the day of `near`. */
export function clockTime(at: string, near: string): string {
  const [day, time] = [at.slice(0, 10), at.slice(11, 16)];
  return day === near.slice(0, 10) ? `${time} UTC` : `${day} ${time} UTC`;
}

/** The same as `duration` in five columns at most, for lists that are looked over: `45s`, `29m`, `3h`, `12d`. */
export function brief(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / secondMs));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.min(9_999, Math.floor(seconds / 86_400))}d`;
}
