import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { faultOf, type SignedRequest } from './signature.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const body = new TextEncoder().encode('payload=%7B%7D');
const sign = (secret: string, timestamp: string): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
const stamp = (offMs = 0): string => ((NOW_MS + offMs) / 1_000).toString();
const rules = { secrets: [{ reveal: () => 'new' }, { reveal: () => 'old' }], nowMs: NOW_MS, mostMs: 300_000 };
const request = (more: Partial<SignedRequest> = {}): SignedRequest => ({
  body,
  timestamp: stamp(),
  signature: sign('new', stamp()),
  ...more,
});

test('Slack’s own signature, fresh, of either secret', () => {
  expect(faultOf(request(), rules)).toBeNull();
  expect(faultOf(request({ signature: sign('old', stamp()) }), rules)).toBeNull();
  for (const offMs of [-300_000, 300_000])
    expect(
      faultOf(request({ timestamp: stamp(offMs), signature: sign('new', stamp(offMs)) }), rules),
    ).toBeNull();
});

test.each([
  ['no stamp', { timestamp: null }, 'missing'],
  ['no signature', { signature: null }, 'missing'],
  [
    'a stamp five minutes and a second old',
    { timestamp: stamp(-301_000), signature: sign('new', stamp(-301_000)) },
    'stale',
  ],
  [
    'a stamp five minutes and a second ahead',
    { timestamp: stamp(301_000), signature: sign('new', stamp(301_000)) },
    'stale',
  ],
  ['a stamp that is no number', { timestamp: 'NaN', signature: sign('new', 'NaN') }, 'stale'],
  ['a stamp with a sign', { timestamp: `+${stamp()}`, signature: sign('new', `+${stamp()}`) }, 'stale'],
  ['another body', { body: new TextEncoder().encode('payload=%7B%20%7D') }, 'wrong'],
  ['another secret', { signature: sign('other', stamp()) }, 'wrong'],
  ['a signature over another stamp', { signature: sign('new', stamp(-1_000)) }, 'wrong'],
  ['a signature that is too short', { signature: sign('new', stamp()).slice(0, -2) }, 'wrong'],
  ['a signature that is too long', { signature: `${sign('new', stamp())}00` }, 'wrong'],
  ['another version', { signature: sign('new', stamp()).replace('v0', 'v1') }, 'wrong'],
  ['letters that are no digits', { signature: `v0=${'ü'.repeat(64)}` }, 'wrong'],
  ['nothing', { signature: '' }, 'wrong'],
] as const)('%s is refused', (_, more, fault) => {
  expect(faultOf(request(more), rules)).toBe(fault);
});

test('no secret, no signature', () => {
  expect(faultOf(request(), { ...rules, secrets: [] })).toBe('wrong');
});
