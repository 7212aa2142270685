import { valuesAt } from './paths.ts';
import type { Finding } from './problem.ts';

/** What each protocol needs besides name and environment, and whether it takes anything else. */
const protocols: Readonly<
  Record<string, { readonly required: readonly string[]; readonly takesMore: boolean }>
> = {
  postgresql: { required: ['host', 'user'], takesMore: true },
  api: { required: [], takesMore: false },
};
const ALWAYS = ['name', 'protocol', 'environment', 'observe'];

/** Options that a target's protocol needs, and those that mean nothing to it: an option without effect misleads. */
export function checkTargets(data: unknown): readonly Finding[] {
  return valuesAt(data, 'targets.*').flatMap(({ path, value }) => {
    if (typeof value !== 'object' || value === null) return [];
    const given = Object.keys(value);
    const { protocol } = value as { readonly protocol?: unknown };
    const known = protocols[String(protocol)];
    if (known === undefined) return [];
    const missing = known.required.filter((name) => !given.includes(name));
    const idle = known.takesMore ? [] : given.filter((name) => !ALWAYS.includes(name));
    return [
      ...missing.map((name): Finding => ({ ...MISSING, path: [...path, name] })),
      ...idle.map((name): Finding => ({ ...IDLE, path: [...path, name] })),
    ];
  });
}

const MISSING = {
  code: 'key.missing',
  message: 'a target of protocol postgresql needs this option',
  hint: 'add it; docs/reference/configuration.md describes it',
} as const;

const IDLE = {
  code: 'key.unknown',
  message: 'a target of protocol api has no such option',
  hint: `the options here are ${ALWAYS.join(', ')}`,
} as const;
