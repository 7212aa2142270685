import type { Context } from 'hono';
import type { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { Call, Route } from './route.ts';

type Input = Call<unknown, unknown, unknown>;

const NOTHING = new Uint8Array();

/** Parses all that a route takes; the error is a sentence that names the fields and repeats no value. */
export async function readInput(c: Context, route: Route): Promise<Result<Input, string>> {
  const body = route.body === undefined ? ok(undefined) : await readJson(c);
  if (!body.ok) return body;
  const query = readQuery(c.req.url);
  if (!query.ok) return query;
  const params = parse(route.params, c.req.param(), 'path');
  if (!params.ok) return params;
  const parsedQuery = parse(route.query, query.value, 'query');
  if (!parsedQuery.ok) return parsedQuery;
  const parsedBody = parse(route.body, body.value, 'body');
  if (!parsedBody.ok) return parsedBody;
  return ok({
    params: params.value,
    query: parsedQuery.value,
    body: parsedBody.value,
    headers: c.req.raw.headers,
    raw: route.raw === true ? new Uint8Array(await c.req.arrayBuffer()) : NOTHING,
    client: clientOf(c),
  });
}

/** Of the socket, which can't be claimed; behind a proxy it is the proxy's. */
function clientOf(c: Context): string {
  const bindings = c.env as { readonly incoming?: { readonly socket?: Partial<Address> } } | undefined;
  const { remoteAddress, remotePort } = bindings?.incoming?.socket ?? {};
  return remoteAddress === undefined ? '' : `${remoteAddress}:${remotePort ?? 0}`;
}

interface Address {
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** A key given twice is refused: two readers could take a different one. */
function readQuery(url: string): Result<Record<string, string>, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URL(url).searchParams) {
    if (name in values) return err('query: a parameter is given twice');
    values[name] = value;
  }
  return ok({ ...values });
}

async function readJson(c: Context): Promise<Result<unknown, string>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) return err('body: the content type is application/json');
  const bytes = await c.req.arrayBuffer();
  try {
    return ok(parseWhole(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return err('body: not JSON in UTF-8');
  }
}

/** JSON can spell half a character (`"\\ud800"`), which UTF-8 doesn't carry and no record holds: refused where it comes in. */
function parseWhole(text: string): unknown {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return JSON.parse(text) as unknown;
  return JSON.parse(text, (name, value: unknown) => {
    if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed()))
      throw new TypeError('half a character');
    return value;
  }) as unknown;
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): Result<unknown, string> {
  if (schema === undefined) return ok(undefined);
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const fields = parsed.error.issues.map((issue) => `${[where, ...issue.path].join('.')}: ${wordsOf(issue)}`);
  return err(fields.join('; '));
}

/** Own words by the kind of issue: a message of the parser may quote what was sent. */
function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'has a key that is not known';
    case 'too_big':
      return `is more than ${issue.maximum}`;
    case 'too_small':
      return `is less than ${issue.minimum}`;
    case 'invalid_value':
      return `is none of ${issue.values.join(', ')}`;
    case 'invalid_type':
      return `is not of type ${issue.expected}`;
    default:
      return 'has the wrong form';
  }
}
