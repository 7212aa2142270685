import { describe, expect, it } from 'vitest';
import { frontend } from '../wire/messages.ts';
import { Intake } from './intake.ts';

/** A message of this type with a body of these bytes. */
function message(type: number, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.writeUInt8(type);
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.write(body, 5);
  return bytes;
}

/** An intake whose handling of a message is `handle`'s; what happened, in order. */
function intakeOf(handle: (text: string) => Promise<void> | undefined) {
  const happened: string[] = [];
  const intake = new Intake({
    handle: (frame) => {
      const text = frame.toString('utf8', 5);
      happened.push(text);
      return handle(text);
    },
    crowded: () => undefined,
    settled: () => undefined,
    malformed: () => happened.push('malformed'),
    ledgerLost: () => happened.push('ledger lost'),
    broken: (error) => happened.push(error instanceof Error ? `broken: ${error.message}` : 'broken'),
  });
  return { intake, happened };
}

const query = (text: string): Buffer => message(frontend.query, text);
const bug = (text: string): undefined => {
  if (text === 'bad') throw new Error('a bug');
  return undefined;
};

describe('a message that the gateway fails on', () => {
  it('ends its own session and throws nothing that would end the process', () => {
    const { intake, happened } = intakeOf(bug);
    expect(() => intake.push(query('bad'))).not.toThrow();
    expect(happened).toEqual(['bad', 'broken: a bug']);
  });

  it('is the last one: nothing that came with it or comes after it is handled', () => {
    const { intake, happened } = intakeOf(bug);
    intake.push(Buffer.concat([query('good'), query('bad'), query('later')]));
    intake.push(query('much later'));
    expect(happened).toEqual(['good', 'bad', 'broken: a bug']);
  });

  it('does the same where it had to wait for the one before it', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { intake, happened } = intakeOf((text) => (text === 'slow' ? gate.promise : bug(text)));
    intake.push(Buffer.concat([query('slow'), query('bad'), query('later')]));
    gate.resolve(undefined);
    await new Promise(setImmediate);
    expect(happened).toEqual(['slow', 'bad', 'broken: a bug']);
  });
});
