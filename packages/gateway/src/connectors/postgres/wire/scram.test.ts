import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { saslPrep } from './saslprep.ts';
import {
  fakeVerifier,
  makeVerifier,
  parseVerifier,
  proofOf,
  saltedPassword,
  scramIterations,
} from './scram.ts';
import { answerServerFirst, checkServerFinal, clientFirstMessage, startScram } from './scram-client.ts';
import { answerClientFinal, answerClientFirst } from './scram-server.ts';
import type { ScramOffer } from './scram-server.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const password = 'pencil';
const verifier = parseVerifier(makeVerifier(password, salt, scramIterations))!;
const plain: ScramOffer = {
  verifier,
  isKnown: true,
  isPlus: false,
  channelBinding: null,
  nonce: 'serverNonce',
};
const binding = Buffer.alloc(32, 9);

async function exchange(offer: ScramOffer, given = password, clientBinding = offer.channelBinding) {
  const mechanisms = offer.isPlus ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] : ['SCRAM-SHA-256'];
  const start = startScram(mechanisms, clientBinding, 'clientNonce')!;
  const state = answerClientFirst(clientFirstMessage(start), offer);
  if (!state.ok) return state;
  const final = await answerServerFirst(start, state.value.serverFirst, given);
  if (!final.ok) return final;
  const answer = answerClientFinal(final.value.message, state.value);
  return answer.ok ? checkServerFinal(final.value, answer.value) : answer;
}

describe('a salted password that was derived before', () => {
  it('is used for the same password, salt and rounds only', async () => {
    const first = await saltedPassword(password, salt, 4096);
    expect(await saltedPassword(password, salt, 4096)).toEqual(first);
    const others = [
      await saltedPassword('pencil ', salt, 4096),
      await saltedPassword(password, Buffer.from('another salt'), 4096),
      await saltedPassword(password, salt, 4097),
    ];
    for (const other of others) expect(other).not.toEqual(first);
  });
});

describe('verifier', () => {
  it('is the one that PostgreSQL stores', async () => {
    // RFC 7677 section 3: the example exchange of user "user", password "pencil".
    const authMessage = [
      'n=user,r=rOprNGfwEbeRWgbNEkqO',
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    ].join(',');
    const proof = proofOf(await saltedPassword(password, salt, 4096), authMessage);
    expect(proof.clientProof.toString('base64')).toBe('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=');
    expect(proof.serverSignature.toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    expect(makeVerifier(password, salt, 4096)).toMatch(
      /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/,
    );
  });

  it.each([
    '',
    'md5abc',
    'SCRAM-SHA-256$0:AAAA$AAAA:AAAA',
    'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA',
    'SCRAM-SHA-256$x',
  ])('is refused where it has another form: %s', (text) => expect(parseVerifier(text)).toBeUndefined());

  it('for a user that does not exist is stable, of the usual shape, and no other process has it', () => {
    const fake = fakeVerifier('nobody', Buffer.alloc(32, 1));
    expect(fake).toEqual(fakeVerifier('nobody', Buffer.alloc(32, 1)));
    expect(fake.salt).not.toEqual(fakeVerifier('nobody', Buffer.alloc(32, 2)).salt);
    expect(fake.salt).not.toEqual(fakeVerifier('somebody', Buffer.alloc(32, 1)).salt);
    expect([fake.salt.length, fake.iterations]).toEqual([verifier.salt.length, verifier.iterations]);
  });
});

describe('exchange', () => {
  it('succeeds with the password, and convinces the client of the server', async () => {
    expect(await exchange(plain)).toEqual({ ok: true, value: null });
  });

  it('succeeds with channel binding on one certificate and fails on two', async () => {
    const offer = { ...plain, isPlus: true, channelBinding: binding };
    expect(await exchange(offer)).toEqual({ ok: true, value: null });
    expect(await exchange(offer, password, Buffer.alloc(32, 8))).toEqual({ ok: false, error: 'protocol' });
  });

  it('fails with another password, and alike for a user that does not exist', async () => {
    const unknown = { ...plain, verifier: fakeVerifier('nobody', Buffer.alloc(32)), isKnown: false };
    const wrong = await exchange(plain, 'pen');
    expect(wrong).toEqual({ ok: false, error: 'proof' });
    expect(await exchange(unknown, 'pen')).toEqual(wrong);
  });

  it('fails for an unknown user even with a proof that fits the verifier', async () => {
    expect(await exchange({ ...plain, isKnown: false })).toEqual({ ok: false, error: 'proof' });
  });
});

describe('server', () => {
  it.each([
    ['an authorization identity', 'n,a=root,n=,r=abc'],
    ['a mandatory extension', 'n,,m=x,n=,r=abc'],
    ['binding where none is offered', 'p=tls-server-end-point,,n=,r=abc'],
    ['no nonce', 'n,,n=,r='],
    ['nothing', ''],
  ])('refuses %s', (_name, message) => {
    expect(answerClientFirst(message, plain)).toEqual({ ok: false, error: 'protocol' });
  });

  it('refuses a client that believes binding is not offered where it is', () => {
    const offer = { ...plain, channelBinding: binding };
    expect(answerClientFirst('y,,n=,r=abc', offer)).toEqual({ ok: false, error: 'protocol' });
    expect(answerClientFirst('n,,n=,r=abc', offer).ok).toBe(true);
  });

  it('refuses another type of binding', () => {
    const offer = { ...plain, isPlus: true, channelBinding: binding };
    expect(answerClientFirst('p=tls-unique,,n=,r=abc', offer)).toEqual({ ok: false, error: 'protocol' });
    expect(answerClientFirst('n,,n=,r=abc', offer)).toEqual({ ok: false, error: 'protocol' });
  });

  it('refuses a final message with another nonce, another gs2 header or a proof of another length', async () => {
    const start = startScram(['SCRAM-SHA-256'], null, 'abc')!;
    const state = answerClientFirst(clientFirstMessage(start), plain);
    if (!state.ok) return expect.unreachable();
    const final = await answerServerFirst(start, state.value.serverFirst, password);
    if (!final.ok) return expect.unreachable();
    const { message } = final.value;
    expect(answerClientFinal(message, state.value).ok).toBe(true);
    expect(answerClientFinal(message.replace('r=abc', 'r=abd'), state.value)).toEqual({
      ok: false,
      error: 'protocol',
    });
    expect(answerClientFinal(message.replace('c=biws', 'c=eSws'), state.value)).toEqual({
      ok: false,
      error: 'protocol',
    });
    expect(answerClientFinal(message.replace(/p=.*/, 'p=AAAA'), state.value)).toEqual({
      ok: false,
      error: 'proof',
    });
  });

  it('never throws, whatever a client sends', () => {
    const started = answerClientFirst('n,,n=,r=abc', plain);
    if (!started.ok) return expect.unreachable();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(answerClientFirst(text, plain).ok).toBe(false);
        expect(answerClientFinal(text, started.value).ok).toBe(false);
      }),
    );
  });
});

describe('client', () => {
  const start = startScram(['SCRAM-SHA-256'], null, 'abc')!;

  it.each([
    ['a nonce that does not extend ours', 'r=xyz1,s=QUJD,i=4096', 'protocol'],
    ['our own nonce', 'r=abc,s=QUJD,i=4096', 'protocol'],
    ['too few rounds', 'r=abcd,s=QUJD,i=4095', 'weak_iterations'],
    ['rounds without end', 'r=abcd,s=QUJD,i=999999999', 'too_many_iterations'],
    ['no salt', 'r=abcd,s=,i=4096', 'protocol'],
    ['an extension that must be understood', 'm=x,r=abcd,s=QUJD,i=4096', 'protocol'],
  ])('refuses a server with %s', async (_name, message, error) => {
    expect(await answerServerFirst(start, message, password)).toEqual({ ok: false, error });
  });

  it('refuses a server that cannot sign', async () => {
    const final = await answerServerFirst(start, 'r=abcd,s=QUJD,i=4096', password);
    if (!final.ok) return expect.unreachable();
    const refused = { ok: false, error: 'server_signature' };
    for (const message of [`v=${Buffer.alloc(32).toString('base64')}`, 'v=', 'v=AAAA', 'e=other-error', '']) {
      expect(checkServerFinal(final.value, message)).toEqual(refused);
    }
  });

  it('takes no mechanism that it does not know', () => {
    expect(startScram(['PLAIN', 'SCRAM-SHA-1'], null, 'abc')).toBeUndefined();
  });
});

describe('saslPrep', () => {
  it.each([
    ['pencil', 'pencil'],
    ['p\u00adencil', 'pencil'],
    ['\u2168', 'IX'],
    ['a\u00a0b', 'a b'],
    ['pass\u0007', 'pass\u0007'],
    ['\u00ad', '\u00ad'],
  ])('%j becomes %j', (given, prepared) => expect(saslPrep(given)).toBe(prepared));
});
