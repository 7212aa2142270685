/** Composition: requests that the gateway opens itself, with those who describe them for each target. */
import type { Configuration } from '../config/configuration.ts';
import { drafterOf } from '../connectors/api/drafting.ts';
import type { Listening } from '../connectors/connector.ts';
import { Canaries, type CanaryPorts } from '../review/canaries/canaries.ts';

/** Returns what stops it. Where none are configured, those of an earlier start end as they should. */
export async function openCanaries(
  { postgres, ...ports }: Omit<CanaryPorts, 'drafters'> & { readonly postgres: Listening },
  { apiTargets, attention }: Pick<Configuration, 'apiTargets' | 'attention'>,
): Promise<() => void> {
  const calls = apiTargets.map((target) => [target.name, drafterOf(target)] as const);
  const drafters = new Map([...postgres.drafters, ...calls]);
  const canaries = await new Canaries({ ...ports, drafters }, attention.canaries).resume();
  return () => canaries.stop();
}
