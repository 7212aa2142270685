/**
 * Pages for what only a browser can do: registering a passkey, and signing votes or break-glass with one. They are the same for
 * everybody and hold nothing; their scripts ask the API with the token that a person types in.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { open, type Route } from './route.ts';

const read = (name: string): string => readFileSync(new URL(`../../pages/${name}`, import.meta.url), 'utf8');

/** Nothing but this server's own files and API, no markup made from text, no frame, no form that is sent anywhere. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

interface Page {
  readonly path: `/${string}`;
  readonly name: string;
  readonly file: string;
  readonly contentType: 'text/html' | 'text/javascript' | 'text/css';
  readonly summary: string;
}

function page({ path, name, file, contentType, summary }: Page): Route {
  const body = read(file);
  return open({
    method: 'get',
    path,
    name,
    summary,
    access: { to: 'public', because: 'a browser has no token yet; the file is the same for everybody' },
    ...(path.includes('{id}')
      ? {
          params: z.object({
            id: z.string().max(200).meta({ description: 'The id of what is decided on.' }),
          }),
        }
      : {}),
    answer: { contentType, schema: z.string(), description: 'The file.' },
    problems: [],
    handle: async () => ({ kind: 'page', body, contentSecurityPolicy }),
  });
}

const part = (file: string, contentType: Page['contentType']): Route =>
  page({
    path: `/pages/${file}`,
    name: `page_${file.replace('.', '_')}`,
    file,
    contentType,
    summary: 'A part of the pages.',
  });

export const pages: readonly Route[] = [
  page({
    path: '/passkeys',
    name: 'passkeysPage',
    file: 'passkeys.html',
    contentType: 'text/html',
    summary: 'Where a person registers and revokes passkeys.',
  }),
  page({
    path: '/reviews/{id}/sign',
    name: 'signPage',
    file: 'sign.html',
    contentType: 'text/html',
    summary: 'Where a person decides with a passkey.',
  }),
  page({
    path: '/break-glass/{id}/sign',
    name: 'breakGlassPage',
    file: 'break-glass.html',
    contentType: 'text/html',
    summary: 'Where a person signs what they run at once.',
  }),
  part('break-glass.js', 'text/javascript'),
  page({
    path: '/standing-grants/{id}/sign',
    name: 'signStandingPage',
    file: 'sign-standing.html',
    contentType: 'text/html',
    summary: 'Where a person decides on a proposed standing grant with a passkey.',
  }),
  page({
    path: '/link',
    name: 'linkPage',
    file: 'link.html',
    contentType: 'text/html',
    summary: 'Where a person links their account in a chat.',
  }),
  part('link.js', 'text/javascript'),
  part('common.js', 'text/javascript'),
  part('deciding.js', 'text/javascript'),
  part('passkeys.js', 'text/javascript'),
  part('sign.js', 'text/javascript'),
  part('sign-standing.js', 'text/javascript'),
  part('visible.js', 'text/javascript'),
  part('pages.css', 'text/css'),
];
