import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { pack, requester } from '../../test/support/policy.ts';
import { assess } from '../core/assess.ts';
import type { Description } from '../core/describe.ts';
import type { DatasetUsage } from '../core/usage.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

interface Case {
  readonly name: string;
  readonly environment: string;
  readonly description: Omit<Description, 'datasets'>;
  readonly datasets: readonly DatasetUsage[];
  readonly expect: { readonly effect: string; readonly code?: string; readonly policies: readonly string[] };
}

const directory = new URL('../../../../vectors/decisions/', import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));

let engine: LoadedEngine;

beforeAll(async () => {
  const loaded = await createPolicyEngine({ policies: pack, names: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  engine = loaded.value;
});

describe.each(files)('the default policies decide %s', (file) => {
  const { cases } = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as {
    readonly cases: readonly Case[];
  };
  test.each(cases)(
    '$name: $expect.effect',
    ({ environment, description: described, datasets, expect: expected }) => {
      const target = { name: 'shop', protocol: 'postgresql', environment };
      const description: Description = { ...described, datasets: [] };
      const risk = assess(description, datasets, target);
      const decision = engine.decide({ requester, target, description, datasets, risk });
      const code = decision.effect === 'deny' ? { code: decision.code } : {};
      expect({ effect: decision.effect, policies: decision.policies, ...code }).toEqual(expected);
      for (const reason of decision.reasons) expect(reason).toMatch(/^[A-Z].{30,}\.$/s);
    },
  );
});
