import { format } from 'prettier';
import { describeRoutes, problemsOf } from '../packages/gateway/src/api/document.ts';
import { statusOf } from '../packages/gateway/src/api/problems.ts';
import type { Route } from '../packages/gateway/src/api/route.ts';
import { routes } from '../packages/gateway/src/api/routes.ts';
import { writeOrCheck } from './generated.ts';

const callers = { people: 'people', principals: 'people and agents', agents: 'agents' } as const;

const whoMay = (route: Route): string => {
  const { access } = route;
  if (access.to === 'public') return `everybody, without a token: ${access.because}`;
  return `${callers[access.to]} with \`Action::"${access.action}"\``;
};

const headersOf = ({ headers }: Route): string[] =>
  headers === undefined
    ? []
    : [
        `- headers: ${Object.keys(headers.shape)
          .map((name) => `\`${name}\``)
          .join(', ')}`,
      ];

function section(route: Route): string[] {
  const problems = problemsOf(route).map((code) => `\`${code}\` (${statusOf(code)})`);
  return [
    `## \`${route.method.toUpperCase()} ${route.path.replace('+}', '}')}\``,
    '',
    route.summary,
    '',
    `- who may: ${whoMay(route)}`,
    ...headersOf(route),
    `- answer: ${route.answer.contentType}. ${route.answer.description}`,
    `- problems: ${problems.join(', ')}`,
    '',
  ];
}

const page = [
  '# The HTTP API',
  '',
  'Made from the table of routes by `scripts/generate-openapi.ts`; schemas are in `openapi.json`.',
  '',
  'A token goes into `Authorization: Bearer TOKEN`. An error is a problem (RFC 9457): decide by its `code`.',
  'A call that an agent may not make is refused and recorded in the ledger.',
  '',
  ...routes.flatMap(section),
];

const document = await format(JSON.stringify(describeRoutes(routes)), { parser: 'json', printWidth: 110 });

writeOrCheck(
  [
    { path: 'docs/reference/openapi.json', content: document },
    { path: 'docs/reference/api.md', content: page.join('\n') },
  ],
  'scripts/generate-openapi.ts',
);
