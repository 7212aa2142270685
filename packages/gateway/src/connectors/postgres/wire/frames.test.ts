import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackendScanner, FrameSplitter } from './frames.ts';
import type { FrameError } from './frames.ts';
import { backend, frontend, typeTable } from './messages.ts';
import { frame } from './writer.ts';

const maxBytes = 4_096;
const rules = { maxBytes: () => maxBytes };
const controlTypes = typeTable([
  backend.commandComplete,
  backend.errorResponse,
  backend.readyForQuery,
  backend.parameterStatus,
]);

const bodies = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const frontendStream = fc.array(
  fc.tuple(fc.constantFrom(...Object.values(frontend)), bodies).map(([type, body]) => frame(type, body)),
  { maxLength: 12 },
);
const backendStream = fc.array(
  fc.tuple(fc.constantFrom(...Object.values(backend)), bodies).map(([type, body]) => frame(type, body)),
  { maxLength: 12 },
);

/** Cuts `bytes` at the given places; the chunks are copies, so that what is kept of one isn't another's. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)));
}

interface Split {
  readonly frames: string[];
  readonly error: FrameError | null;
  readonly mostHeld: number;
}

function split(chunks: readonly Buffer[]): Split {
  const splitter = new FrameSplitter(rules);
  const frames: string[] = [];
  let error: FrameError | null = null;
  let mostHeld = 0;
  for (const chunk of chunks) {
    error = splitter.push(chunk, (type, bytes) => frames.push(`${type}:${bytes.toString('hex')}`));
    mostHeld = Math.max(mostHeld, splitter.heldBytes);
    // What was handed over and kept must not depend on the chunk once the call is over.
    chunk.fill(0xee);
  }
  return { frames, error, mostHeld };
}

interface Scan {
  /** Bytes that went through and control frames, in order; neighbouring runs joined. */
  readonly events: string[];
  readonly rows: number;
  readonly rowBytes: number;
  readonly error: FrameError | null;
  readonly mostHeld: number;
}

function scan(chunks: readonly Buffer[], control = controlTypes): Scan {
  const events: string[] = [];
  let joining = false;
  const sink = {
    passthrough(chunk: Buffer, start: number, end: number) {
      const run = chunk.toString('hex', start, end);
      if (joining) events[events.length - 1] += run;
      else events.push(`run:${run}`);
      joining = true;
    },
    control(type: number, bytes: Buffer) {
      events.push(`${type}:${bytes.toString('hex')}`);
      joining = false;
    },
  };
  const scanner = new BackendScanner({ sink, controlTypes: control, maxControlBytes: maxBytes });
  let error: FrameError | null = null;
  let mostHeld = 0;
  for (const chunk of chunks) {
    error = scanner.push(chunk);
    mostHeld = Math.max(mostHeld, scanner.heldBytes);
    chunk.fill(0xee);
  }
  return { events, rows: scanner.rows, rowBytes: scanner.rowBytes, error, mostHeld };
}

describe('FrameSplitter', () => {
  it('hands over every frame whole, with its header', () => {
    const frames = [frame(frontend.query, Buffer.from('SELECT 1\0')), frame(frontend.sync)];
    expect(split([Buffer.concat(frames)]).frames).toEqual([
      `${frontend.query}:${frames[0]!.toString('hex')}`,
      `${frontend.sync}:${frames[1]!.toString('hex')}`,
    ]);
  });

  it('does not copy a frame that lies within one chunk', () => {
    const chunk = Buffer.concat([frame(frontend.sync), frame(frontend.query, Buffer.from('x\0'))]);
    const seen: Buffer[] = [];
    new FrameSplitter(rules).push(chunk, (_type, bytes) => seen.push(bytes));
    expect(seen.every((bytes) => bytes.buffer === chunk.buffer)).toBe(true);
  });

  it('gives the same frames wherever the stream is split', () => {
    const stream = Buffer.concat([
      frame(frontend.parse, Buffer.from('s\0SELECT $1\0\0\0')),
      frame(frontend.flush),
      frame(frontend.copyData, Buffer.alloc(300, 7)),
      frame(frontend.sync),
    ]);
    const whole = split([Buffer.from(stream)]);
    expect(whole.frames).toHaveLength(4);
    for (let at = 0; at <= stream.length; at += 1) {
      expect(split(chunksOf(stream, [at]))).toMatchObject({ frames: whole.frames, error: null });
    }
    expect(split([...stream].map((byte) => Buffer.of(byte))).frames).toEqual(whole.frames);
  });

  it('gives the same frames for every chunking of every stream', () => {
    fc.assert(
      fc.property(frontendStream, fc.array(fc.nat(2_000), { maxLength: 20 }), (frames, cuts) => {
        const result = split(chunksOf(Buffer.concat(frames), cuts));
        expect(result.error).toBeNull();
        expect(result.frames).toEqual(frames.map((bytes) => `${bytes[0]}:${bytes.toString('hex')}`));
      }),
    );
  });

  it('ends in the same error, after the same frames, for every chunking of random bytes, and holds no more than the limit', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.constantFrom(...Object.values(frontend)), fc.integer(), bodies)
        .map(([type, length, body]) => {
          const bytes = frame(type, body);
          bytes.writeInt32BE(length, 1);
          return new Uint8Array(bytes);
        }),
    );
    fc.assert(
      fc.property(frontendStream, noise, fc.array(fc.nat(2_000), { maxLength: 20 }), (frames, tail, cuts) => {
        const stream = Buffer.concat([...frames, tail]);
        const whole = split([Buffer.from(stream)]);
        const pieces = split(chunksOf(stream, cuts));
        expect(pieces.frames).toEqual(whole.frames);
        expect(pieces.error).toEqual(whole.error);
        expect(Math.max(whole.mostHeld, pieces.mostHeld)).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });

  it.each([
    ['zero', 0, 'length_too_small'],
    ['three', 3, 'length_too_small'],
    ['negative', -1, 'length_too_small'],
    ['one over the limit', maxBytes, 'over_limit'],
    ['the largest there is', 0x7fff_ffff, 'over_limit'],
  ])('refuses a length that lies (%s) before its body arrives', (_name, length, reason) => {
    const header = Buffer.alloc(5);
    header.writeUInt8(frontend.query, 0);
    header.writeInt32BE(length, 1);
    expect(split([header])).toMatchObject({ frames: [], error: { reason, length }, mostHeld: 0 });
  });

  it('takes a frame of exactly the limit', () => {
    expect(split([frame(frontend.query, Buffer.alloc(maxBytes - 5, 1))])).toMatchObject({ error: null });
  });

  it('refuses a byte that begins no frontend message as soon as it arrives', () => {
    for (let type = 0; type < 256; type += 1) {
      const known = Object.values(frontend).some((value) => value === type);
      expect(split([Buffer.of(type)]).error === null).toBe(known);
    }
  });

  it('hands over nothing more after an error', () => {
    const splitter = new FrameSplitter(rules);
    const error = splitter.push(Buffer.of(0), () => undefined);
    expect(error).toMatchObject({ reason: 'unknown_type' });
    expect(splitter.push(frame(frontend.sync), () => expect.unreachable())).toEqual(error);
  });

  it('holds little memory for a large frame of which little has arrived', () => {
    const splitter = new FrameSplitter({ maxBytes: () => 1 << 30 });
    const header = Buffer.alloc(6, 0x20);
    header.writeUInt8(frontend.query, 0);
    header.writeInt32BE(1 << 29, 1);
    const before = process.memoryUsage().arrayBuffers;
    expect(splitter.push(header, () => undefined)).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});

describe('BackendScanner', () => {
  const result = [
    frame(backend.rowDescription, Buffer.alloc(40, 1)),
    frame(backend.dataRow, Buffer.alloc(10, 2)),
    frame(backend.dataRow, Buffer.alloc(20, 3)),
    frame(backend.commandComplete, Buffer.from('SELECT 2\0')),
    frame(backend.readyForQuery, Buffer.from('I')),
  ];

  it('reports rows as one run, then the control frames, in order', () => {
    const { events, rows, rowBytes } = scan([Buffer.concat(result)]);
    expect(events).toEqual([
      `run:${Buffer.concat(result.slice(0, 3)).toString('hex')}`,
      `${backend.commandComplete}:${result[3]!.toString('hex')}`,
      `${backend.readyForQuery}:${result[4]!.toString('hex')}`,
    ]);
    expect([rows, rowBytes]).toEqual([2, 30]);
  });

  it('reports the same wherever the stream is split', () => {
    const stream = Buffer.concat(result);
    const whole = scan([Buffer.from(stream)]);
    for (let at = 0; at <= stream.length; at += 1) {
      expect(scan(chunksOf(stream, [at]))).toMatchObject({
        ...whole,
        mostHeld: expect.any(Number) as number,
      });
    }
  });

  it('reports the same for every chunking of every stream, and passes every byte exactly once', () => {
    fc.assert(
      fc.property(backendStream, fc.array(fc.nat(2_000), { maxLength: 20 }), (frames, cuts) => {
        const stream = Buffer.concat(frames);
        const whole = scan([Buffer.from(stream)]);
        const pieces = scan(chunksOf(stream, cuts));
        expect({ ...pieces, mostHeld: 0 }).toEqual({ ...whole, mostHeld: 0 });
        expect(pieces.events.map((event) => event.slice(event.indexOf(':') + 1)).join('')).toBe(
          stream.toString('hex'),
        );
        const rows = frames.filter((bytes) => bytes[0] === backend.dataRow || bytes[0] === backend.copyData);
        expect(pieces.rows).toBe(rows.length);
        expect(pieces.rowBytes).toBe(rows.reduce((sum, bytes) => sum + bytes.length - 5, 0));
      }),
    );
  });

  it('never throws on random bytes, ends in the same error and holds no more than the limit', () => {
    fc.assert(
      fc.property(
        backendStream,
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(2_000), { maxLength: 20 }),
        (frames, tail, cuts) => {
          const stream = Buffer.concat([...frames, tail]);
          const whole = scan([Buffer.from(stream)]);
          const pieces = scan(chunksOf(stream, cuts));
          expect(pieces.error).toEqual(whole.error);
          expect(pieces.rows).toBe(whole.rows);
          expect(Math.max(whole.mostHeld, pieces.mostHeld)).toBeLessThanOrEqual(maxBytes);
        },
      ),
    );
  });

  it('streams a row of any size and holds nothing of it', () => {
    const header = Buffer.alloc(5);
    header.writeUInt8(backend.dataRow, 0);
    header.writeInt32BE(0x7fff_ffff, 1);
    let passed = 0;
    const sink = {
      passthrough: (_chunk: Buffer, start: number, end: number) => void (passed += end - start),
      control: () => expect.unreachable(),
    };
    const scanner = new BackendScanner({ sink, controlTypes, maxControlBytes: maxBytes });
    scanner.push(header.subarray(0, 3));
    scanner.push(header.subarray(3));
    const chunk = Buffer.alloc(65_536);
    for (let round = 0; round < 100; round += 1) scanner.push(chunk);
    expect(passed).toBe(5 + 100 * chunk.length);
    expect(scanner.heldBytes).toBe(0);
    expect([scanner.rows, scanner.rowBytes]).toEqual([1, 0x7fff_fffb]);
  });

  it('refuses a control frame over the limit before its body arrives', () => {
    const header = Buffer.alloc(5);
    header.writeUInt8(backend.errorResponse, 0);
    header.writeInt32BE(maxBytes, 1);
    expect(scan([header])).toMatchObject({ error: { reason: 'over_limit' }, mostHeld: 0 });
  });

  it('passes what came before a broken frame and nothing behind it', () => {
    const row = frame(backend.dataRow, Buffer.alloc(4));
    const { events, error } = scan([Buffer.concat([row, Buffer.from([backend.dataRow, 0, 0, 0, 3]), row])]);
    expect(events).toEqual([`run:${row.toString('hex')}`]);
    expect(error).toMatchObject({ reason: 'length_too_small' });
  });

  it('gives each type the owner asks for as control, and only those', () => {
    for (const type of Object.values(backend)) {
      const bytes = frame(type, Buffer.from('x'));
      expect(scan([Buffer.from(bytes)], typeTable([type])).events).toEqual([
        `${type}:${bytes.toString('hex')}`,
      ]);
      expect(scan([Buffer.from(bytes)], typeTable([])).events).toEqual([`run:${bytes.toString('hex')}`]);
    }
  });
});
