import { OpenAPIHono } from '@hono/zod-openapi';
import { Problem, type ProblemCode } from '@sallyport/sdk/contract';
import type { ZodType } from 'zod';
import { statusOf } from './problems.ts';
import type { Route } from './route.ts';

const anyRoute: readonly ProblemCode[] = ['request.invalid', 'request.timeout', 'internal'];
const guardedRoute: readonly ProblemCode[] = ['access.unauthenticated', 'access.forbidden'];

/** Every code with which a route can answer. */
export function problemsOf(route: Route): readonly ProblemCode[] {
  const { access } = route;
  return [
    ...(access.to === 'public' ? [] : guardedRoute),
    ...(access.to === 'people' ? [access.agentCode, 'ledger.unavailable' as const] : []),
    ...(access.to === 'agents' ? (['access.agents_only', 'ledger.unavailable'] as const) : []),
    ...(route.body === undefined ? [] : ['request.too_large' as const]),
    ...route.problems,
    ...anyRoute,
  ].filter((code, at, all) => all.indexOf(code) === at);
}

/** The OpenAPI 3.1 document of a table of routes. */
export function describeRoutes(routes: readonly Route[]): object {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  for (const route of routes) {
    registry.registerPath({
      method: route.method,
      path: openApiPath(route.path),
      operationId: route.name,
      summary: route.summary,
      security: route.access.to === 'public' ? [] : [{ bearer: [] }],
      ...(route.access.to === 'public' ? {} : { 'x-policy-action': route.access.action }),
      request: requestOf(route),
      responses: responsesOf(route),
    });
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version: '1',
      description: 'Reviews, votes, events, usage and ledger of a Sallyport gateway.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
}

const openApiPath = (path: string): string => path.replace('+}', '}');

function requestOf(route: Route) {
  return {
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { query: route.query }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    ...(route.body === undefined
      ? {}
      : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
  };
}

interface Described {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: ZodType }>>;
}

function responsesOf(route: Route): Record<number, Described> {
  const { answer } = route;
  const responses: Record<number, Described> = {
    200: { description: answer.description, content: { [answer.contentType]: { schema: answer.schema } } },
  };
  if (route.accepts === true)
    responses[202] = {
      description: `${answer.description} People decide on it first.`,
      content: { [answer.contentType]: { schema: answer.schema } },
    };
  if (route.headers !== undefined && 'If-None-Match' in route.headers.shape)
    responses[304] = { description: 'What you named is what there is.' };
  for (const [status, codes] of Map.groupBy(problemsOf(route), statusOf)) {
    const description = codes.map((code) => `\`${code}\``).join(', ');
    responses[status] = { description, content: { 'application/problem+json': { schema: Problem } } };
  }
  return responses;
}
