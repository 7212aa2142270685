/** Words that differ in more than a third of their letters are no slip of the same hand. */
const MOST_DIFFERENCE = 1 / 3;

/** Insertions, deletions and substitutions that make one word of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let column = 1; column <= to.length; column++) {
      const same = from[at - 1] === to[column - 1] ? 0 : 1;
      const steps = [(row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, (row[column - 1] ?? 0) + same];
      next.push(Math.min(...steps));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The candidate that was most likely meant; undefined where none is near enough to be worth saying. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const measured = candidates.map((candidate) => ({ candidate, steps: distance(word, candidate) }));
  const best = measured.toSorted((a, b) => a.steps - b.steps)[0];
  const most = Math.max(1, Math.floor(word.length * MOST_DIFFERENCE));
  return best !== undefined && best.steps <= most ? best.candidate : undefined;
}
