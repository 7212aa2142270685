import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import { valueAt } from './paths.ts';
import type { Finding, Path } from './problem.ts';
import { configurationSchema, type RawConfiguration } from './schema.ts';

type Issue = z.core.$ZodIssue;

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** Every option as JSON Schema, which is easier to walk than the validator itself. */
export const configurationJsonSchema = z.toJSONSchema(configurationSchema, { io: 'input' }) as JsonSchema;

function optionsAt(path: Path): readonly string[] {
  let schema: JsonSchema | undefined = configurationJsonSchema;
  for (const step of path) {
    if (typeof step === 'number') schema = schema?.items;
    else schema = schema?.properties?.[step];
  }
  return Object.keys(schema?.properties ?? {});
}

const SECRET_HINT = 'write {env: NAME} or {file: PATH}, and keep the secret there';

/** The only union of the schema is the reference to a secret. */
function findingOfSecret(path: Path, value: unknown): Finding {
  if (typeof value === 'string' || typeof value === 'number') {
    return { code: 'secret.inline', path, message: 'a secret may not stand in this file', hint: SECRET_HINT };
  }
  return { code: 'value.type', path, message: 'expected where the secret is, one place', hint: SECRET_HINT };
}

function unknownKeys(path: Path, keys: readonly string[]): readonly Finding[] {
  const options = optionsAt(path);
  const hint = options.length > 0 ? `the options here are ${options.join(', ')}` : 'remove it';
  return keys.map((key) => ({
    code: 'key.unknown',
    path: [...path, key],
    message: 'there is no such option',
    hint,
  }));
}

const asPath = (path: readonly PropertyKey[]): Path =>
  path.map((step) => (typeof step === 'symbol' ? String(step) : step));

/** Says what is expected and never what was found: it could be a secret in the wrong place (law 8). */
function findingsOf(issue: Issue, data: unknown): readonly Finding[] {
  const path = asPath(issue.path);
  const value = valueAt(data, path);
  if (issue.code === 'unrecognized_keys') return unknownKeys(path, issue.keys);
  if (value === undefined && path.length > 0) {
    return [
      {
        code: 'key.missing',
        path,
        message: 'this option is required',
        hint: 'add it; docs/reference/configuration.md describes it',
      },
    ];
  }
  if (issue.code === 'invalid_union') return [findingOfSecret(path, value)];
  if (issue.code === 'invalid_type') {
    return [
      {
        code: 'value.type',
        path,
        message: `expected ${issue.expected}`,
        hint: 'docs/reference/configuration.md describes it',
      },
    ];
  }
  return [
    {
      code: 'value.invalid',
      path,
      message: explain(issue),
      hint: 'docs/reference/configuration.md describes it',
    },
  ];
}

function explain(issue: Issue): string {
  if (issue.code === 'invalid_value') return `expected one of: ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') return `expected at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`;
  if (issue.code === 'invalid_format' && issue.format === 'url') return 'expected an http or https URL';
  return issue.message;
}

/** Keys, types and values, each by itself. */
export function checkStructure(data: unknown): Result<RawConfiguration, readonly Finding[]> {
  const parsed = configurationSchema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.flatMap((issue) => findingsOf(issue, data)));
}
