import { expect, test } from 'vitest';
import { createFake } from '../../test/api-fake.ts';
import { tokens } from '../../test/support/api-callers.ts';
import { createApi } from './api.ts';

const fake = createFake();
const app = createApi(fake.deps);
const TOKEN = 'A'.repeat(43);

const post = (path: string, body: object, token: string = tokens.vera): Promise<Response> =>
  Promise.resolve(
    app.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );

test('a person sees whose account a link is for, links it, lists it and takes it back', async () => {
  const account = { platform: 'slack', tenant: 'T1', user: 'U1' };
  expect(await (await post('/v1/chat-links/offer', { token: TOKEN })).json()).toMatchObject({
    account,
    shownAs: 'vera',
  });
  expect(await (await post('/v1/chat-links', { token: TOKEN })).json()).toMatchObject({
    account,
    person: 'vera',
  });
  const listed = await app.request('/v1/chat-links', { headers: { authorization: `Bearer ${tokens.vera}` } });
  expect(await listed.json()).toMatchObject({ links: [{ account, person: 'vera' }] });
  expect((await post('/v1/chat-links/unlink', account)).status).toBe(200);
});

test('an agent links nobody, and the attempt is recorded (B12)', async () => {
  const before = fake.recorded.length;
  const response = await post('/v1/chat-links', { token: TOKEN }, tokens.reporter);
  expect(response.status).toBe(403);
  expect(fake.recorded.slice(before)).toEqual(['reporter api:chat_links.write']);
});

test('a platform’s request is handed on byte for byte, whatever it is', async () => {
  const body = new Uint8Array([0xff, 0x00, 0x7b]);
  const taken = await app.request('/v1/channels/slack/inbound', { method: 'POST', body });
  expect(await taken.json()).toEqual({ bytes: 3 });
  expect((await app.request('/v1/channels/other/inbound', { method: 'POST', body })).status).toBe(404);
});
