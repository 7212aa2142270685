import { describe, expect, test } from 'vitest';
import { TimeWorld } from '../../test/support/desk-time.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../test/support/time-terms.ts';
import { limits } from '../limits.ts';

describe('B5: the life of a grant', () => {
  test('approved one second before expiry, it lives its sixty seconds whole', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS - SECOND_MS);
    expect(await world.vote(held)).toBe('approved');
    await world.pass(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
  });
  test('one second after expiry there is nothing to approve', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.pass(30 * MINUTE_MS + SECOND_MS);
    expect(await world.vote(held)).toBe('review.over');
  });
  test('a client that waits has sixty seconds; one that is away, five minutes', async () => {
    const world = new TimeWorld();
    const waits = await world.hold();
    await world.vote(waits);
    await world.pass(limits.grantMs);
    expect(await world.run(waits)).toBe('grant.expired');
    const away = await world.hold('SELECT 2');
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs);
    expect((await world.hold('SELECT 2')).review).not.toBe(away.review);
  });
  test('a client that is back has sixty seconds, not the rest of the five minutes', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(MINUTE_MS);
    const back = await world.hold();
    expect(back.review).toBe(away.review);
    await world.pass(limits.grantMs);
    expect(await world.run(back)).toBe('grant.expired');
    back.detach();
    expect((await world.hold()).review).not.toBe(away.review);
  });
  test('back at the last moment, it has what is left', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs - SECOND_MS);
    const back = await world.hold();
    await world.pass(SECOND_MS);
    expect(await world.run(back)).toBe('grant.expired');
  });
  test('the clock set back an hour does not make it live an hour longer', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(-HOUR_MS);
    await world.pass(limits.grantMs);
    expect(await world.run(held)).toBe('grant.expired');
    held.detach();
    expect((await world.hold()).review).not.toBe(held.review);
  });
  test('the clock set back an hour takes nothing from its sixty seconds either', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(-HOUR_MS);
    await world.pass(limits.grantMs - 1);
    expect(await world.run(held)).toBe('ran');
  });
  test('the clock set forward a day ends it', async () => {
    const world = new TimeWorld();
    const held = await world.hold();
    await world.vote(held);
    world.clock.set(DAY_MS);
    expect(await world.run(held)).toBe('grant.expired');
  });
  test('one that was over stays over when the clock is set back, and over a restart', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs);
    const other = await world.hold('SELECT 2');
    await world.vote(other);
    world.clock.set(-limits.grantAwayMs);
    expect((await world.hold()).review).not.toBe(away.review);
    const again = new TimeWorld();
    const left = await again.hold();
    left.detach();
    await again.vote(left);
    await again.pass(limits.grantAwayMs);
    await again.hold('SELECT 2');
    again.clock.set(-limits.grantAwayMs);
    await again.restart();
    expect((await again.hold()).review).not.toBe(left.review);
  });
  test('B9: it survives a restart, for as long as it would have lived', async () => {
    const world = new TimeWorld();
    const away = await world.hold();
    away.detach();
    await world.vote(away);
    await world.pass(limits.grantAwayMs - SECOND_MS);
    await world.restart();
    const back = await world.hold();
    expect(back.review).toBe(away.review);
    expect(await world.run(back)).toBe('ran');
  });
});
