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
