import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from './state.ts';

const pack = join(import.meta.dirname, '..', 'packages', 'gateway', 'policies');

/** Who decides where no data steward has for a quarter of an hour. */
const escalated = '@id("review-bulk-read")';
const chain = '@escalate("15m group:on-call")';

/** A copy of the policies that come with Sallyport, to be changed, with one escalation; files that are there stay. */
export function ensurePolicies(stateDirectory: string): void {
  for (const name of readdirSync(pack).filter((each) => each.endsWith('.cedar'))) {
    const path = join(stateDirectory, 'policies', name);
    if (existsSync(path)) continue;
    writePrivateFile(
      path,
      readFileSync(join(pack, name), 'utf8').replace(escalated, `${escalated}\n${chain}`),
    );
  }
}
