/** Drafts of policies that are observed on targets: loaded, and followed on disk. Nothing enforces them. */
import type { DraftPolicies } from '../assess/observing.ts';
import type { Configuration } from '../config/configuration.ts';
import { readPolicyFiles } from '../config/policy-files.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ObservedDraft } from '../ports.ts';
import type { LoadedEngine } from '../policy/engine.ts';
import { PolicyFollower, type FollowerPorts } from '../policy/following.ts';
import { LivePolicies } from '../policy/live.ts';
import type { PolicySource } from '../policy/source.ts';

/** One folder, however many targets it is observed on. */
interface Draft {
  readonly directory: string;
  readonly targets: readonly string[];
  readonly slot: number;
  readonly live: LivePolicies;
}

type Load = (
  files: readonly PolicySource[],
  slot: number,
) => Promise<Result<LoadedEngine, readonly string[]>>;

/** Each answer is of what is observed now. */
export class ObservedDrafts implements DraftPolicies {
  readonly drafts: readonly Draft[];
  readonly #byTarget: ReadonlyMap<string, LivePolicies>;

  constructor(drafts: readonly Draft[]) {
    this.drafts = drafts;
    this.#byTarget = new Map(
      drafts.flatMap(({ live, targets }) => targets.map((target) => [target, live] as const)),
    );
  }

  of(target: string): LivePolicies | undefined {
    return this.#byTarget.get(target);
  }

  get readEstimates(): boolean {
    return this.drafts.some(({ live }) => live.readsEstimates);
  }

  get observed(): readonly ObservedDraft[] {
    return this.drafts.flatMap((draft) => draftsOn(draft, []));
  }
}

const draftsOn = (
  { directory, live: { version }, targets }: Draft,
  problems: readonly string[],
): readonly ObservedDraft[] => targets.map((target) => ({ target, directory, version, problems }));

/** With an engine of its own for each folder, or what is wrong with the first that has a fault. */
export async function loadDrafts(
  { observe }: Configuration,
  load: Load,
): Promise<Result<ObservedDrafts, readonly string[]>> {
  const faults = (problems: readonly string[]) =>
    err(problems.map((each) => `a draft that is observed: ${each}`));
  const drafts: Draft[] = [];
  for (const directory of new Set(observe.map((each) => each.directory))) {
    const slot = drafts.length + 1;
    const files = await readPolicyFiles(directory);
    if (!files.ok) return faults(files.error);
    const engine = await load(files.value.sources, slot);
    if (!engine.ok) return faults(engine.error);
    const targets = observe.filter((each) => each.directory === directory).map(({ target }) => target);
    drafts.push({ directory, targets, slot, live: new LivePolicies(engine.value) });
  }
  return ok(new ObservedDrafts(drafts));
}

/** What changes on disk is observed from then on, once it is recorded; what isn't valid changes nothing. */
export function followDrafts(
  { drafts }: ObservedDrafts,
  ports: Omit<FollowerPorts, 'live' | 'read' | 'draft'>,
): { close(): Promise<void>; observed(): readonly ObservedDraft[] } {
  const followed = drafts.map((draft) => {
    const { directory, live, slot, targets } = draft;
    const read = (): ReturnType<typeof readPolicyFiles> => readPolicyFiles(directory);
    return { draft, follower: new PolicyFollower({ ...ports, live, draft: { slot, targets }, read }) };
  });
  for (const { follower } of followed) follower.start();
  return {
    close: async () => {
      await Promise.all(followed.map(({ follower }) => follower.close()));
    },
    observed: () => followed.flatMap(({ draft, follower }) => draftsOn(draft, follower.problems)),
  };
}
