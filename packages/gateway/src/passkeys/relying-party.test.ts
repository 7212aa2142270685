import { expect, test } from 'vitest';
import { relyingPartyOf } from './relying-party.ts';

test.each([
  ['https://gate.example', 'gate.example', 'https://gate.example'],
  ['https://gate.example:8443/sallyport', 'gate.example', 'https://gate.example:8443'],
  ['http://127.0.0.1:7543', 'localhost', 'http://localhost:7543'],
  ['http://[::1]:7543', 'localhost', 'http://localhost:7543'],
  ['http://localhost:7543', 'localhost', 'http://localhost:7543'],
])('people who reach the API at %s have passkeys for %s', (publicUrl, rpId, origin) => {
  expect(relyingPartyOf(publicUrl)).toEqual({ rpId, origin });
});

test.each(['https://10.0.0.5', 'https://[fd00::5]:8443', 'http://gate.example'])(
  'at %s browsers make no passkeys',
  (publicUrl) => {
    expect(relyingPartyOf(publicUrl)).toBeNull();
  },
);
