type Voice = 'agent' | 'gateway' | 'reviewer' | 'operator' | 'auditor' | 'check';

const margin = 10;
/** Select Graphic Rendition codes (ECMA-48) of each voice. */
const colours: Readonly<Record<Voice, number>> = {
  agent: 36,
  gateway: 33,
  reviewer: 35,
  operator: 34,
  auditor: 34,
  check: 32,
};
const bold = 1;
/** Only where a person looks at it. */
const isColourful = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

let lastVoice: Voice | undefined;

/** The story found something to be otherwise than it tells. */
export class Unexpected extends Error {}

export function title(text: string): void {
  lastVoice = undefined;
  process.stdout.write(`\n${paint(bold, text)}\n`);
}

/** Prints who says what, the speaker at the left. */
export function say(voice: Voice, text: string): void {
  const speaker = voice === lastVoice ? '' : voice;
  lastVoice = voice;
  const lines = text.trimEnd().split('\n');
  for (const [at, line] of lines.entries()) {
    const left = paint(colours[voice], (at === 0 ? speaker : '').padStart(margin));
    process.stdout.write(line === '' ? '\n' : `${left}  ${line}\n`);
  }
}

/** Prints what was expected and holds; ends the story where it does not. */
export function check(holds: boolean, expectation: string, found: unknown): void {
  if (!holds) throw new Unexpected(`expected: ${expectation}; found: ${JSON.stringify(found)}`);
  say('check', `✓ ${expectation}`);
}

function paint(code: number, text: string): string {
  return isColourful ? `\u001b[${code}m${text}\u001b[0m` : text;
}
