import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ProblemCode } from '@sallyport/sdk/contract';
import { limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import { admit } from './access.ts';
import type { ApiDeps, Serving } from './deps.ts';
import { describeRoutes } from './document.ts';
import { EventLog } from './event-log.ts';
import { readInput } from './input.ts';
import { problem, problemResponse } from './problems.ts';
import { checkRoutes, type ProblemMembers, type Reply, type Route } from './route.ts';
import { routes } from './routes.ts';
import { Streams } from './streams.ts';

const CSP = 'content-security-policy';

/** On every answer: nothing is kept, framed, sniffed, run or told to another site. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Events are numbered from here on. */
export function createApi(deps: ApiDeps): Hono {
  return mountRoutes(routes, deps);
}

/** A table of routes as an app; throws where the table is not whole. */
export function mountRoutes(table: readonly Route[], deps: ApiDeps): Hono {
  checkRoutes(table);
  const serving: Serving = {
    ...deps,
    eventLog: new EventLog(deps.events, deps.clock),
    streams: new Streams(limits),
    document: () => describeRoutes(table),
  };
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) {
      // A page has a policy of its own; nothing else of this process sets one.
      if (name !== CSP || !c.res.headers.has(CSP)) c.res.headers.set(name, value);
    }
  });
  for (const route of table) {
    const mostBytes = route.mostBytes ?? limits.apiBodyBytes;
    const bounded = bodyLimit({ maxSize: mostBytes, onError: () => tooLarge(mostBytes) });
    app.on(route.method.toUpperCase(), honoPath(route.path), bounded, (c) => answer(c, route, serving));
  }
  app.notFound(() => refuse('route.not_found', 'There is no such route.'));
  app.onError((error) => {
    deps.log.failed({ where: 'api', error });
    return refuse('internal', 'The gateway failed; its log says where.');
  });
  return app;
}

const tooLarge = (mostBytes: number): Response =>
  refuse('request.too_large', `The body is larger than ${mostBytes.toString()} bytes.`);
const tooLong = 'No answer in time. What was asked for may have happened: read again before you repeat it.';

/** `{id}` is one segment; `{path+}` is the rest of the path. */
const honoPath = (path: string): string =>
  path.replaceAll(/\{(\w+)\+\}/g, ':$1{.+}').replaceAll(/\{(\w+)\}/g, ':$1');

const refuse = (code: ProblemCode, detail: string, about: ProblemMembers = {}): Response =>
  problemResponse(problem(code, detail, about));

async function answer(c: Context, route: Route, serving: Serving): Promise<Response> {
  // Hono answers HEAD by running GET and dropping its body, which would leave a stream open for nobody.
  if (c.req.raw.method === 'HEAD') return refuse('route.not_found', 'There is no such route.');
  const reply = await withinTime(serving.clock, route, () => replyTo(c, route, serving));
  return responseOf(reply, route.answer.contentType);
}

async function replyTo(c: Context, route: Route, serving: Serving): Promise<Reply> {
  if (route.access.to === 'public') {
    const input = await readInput(c, route);
    if (!input.ok) return { kind: 'problem', code: 'request.invalid', detail: input.error };
    return (route as Extract<Route, { access: { to: 'public' } }>).handle(input.value, null, serving);
  }
  const admitted = await admit(c.req.header('authorization'), route.access, serving);
  if (!admitted.ok) return { kind: 'problem', ...admitted.error };
  const input = await readInput(c, route);
  if (!input.ok) return { kind: 'problem', code: 'request.invalid', detail: input.error };
  return (route as Exclude<Route, { access: { to: 'public' } }>).handle(input.value, admitted.value, serving);
}

async function withinTime(clock: Clock, { longestMs }: Route, run: () => Promise<Reply>): Promise<Reply> {
  let cancel = () => {};
  let isLate = false;
  const late = new Promise<Reply>((resolve) => {
    const giveUp = () => {
      isLate = true;
      resolve({ kind: 'problem', code: 'request.timeout', detail: tooLong });
    };
    cancel = clock.after(longestMs ?? limits.apiRequestMs, giveUp);
  });
  const running = run().then((reply) => {
    if (isLate) letGo(reply);
    return reply;
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    cancel();
  }
}

/** Its caller has another answer already: a stream that nobody reads would go on for nobody. */
function letGo(reply: Reply): void {
  if (reply.kind === 'stream') void reply.body.cancel().catch(() => undefined);
}

function responseOf(reply: Reply, contentType: string): Response {
  switch (reply.kind) {
    case 'problem':
      return refuse(reply.code, reply.detail, reply.about);
    case 'unchanged':
      return new Response(null, { status: 304, headers: { etag: reply.etag } });
    case 'json':
      return new Response(JSON.stringify(reply.body), {
        status: reply.status ?? 200,
        headers: { 'content-type': contentType, ...(reply.etag === undefined ? {} : { etag: reply.etag }) },
      });
    case 'text':
      return new Response(reply.body, { headers: { 'content-type': `${contentType}; charset=utf-8` } });
    case 'page':
      return new Response(reply.body, {
        headers: { 'content-type': `${contentType}; charset=utf-8`, [CSP]: reply.contentSecurityPolicy },
      });
    case 'bytes':
    case 'stream':
      return new Response(reply.body, { headers: { 'content-type': contentType } });
  }
}
