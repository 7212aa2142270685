import { createInterface } from 'node:readline/promises';
import { createStyle, type Style } from './style.ts';

/** All that the command line says. Results go to standard output; what goes on besides, to standard error. */
export interface Output {
  /** One result, as text or, with --json, as one line of JSON. */
  result(value: object, text: (style: Style) => string): void;
  /** Text that is a result by itself, such as a receipt, byte for byte; with --json, `value`. */
  raw(value: object, text: string): void;
  /** For the person who waits; never part of a result. */
  note(text: string): void;
  /** Asks at the terminal; false where there is none, or where the answer is anything but yes. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Whether a person is at both ends. */
  readonly interactive: boolean;
  readonly json: boolean;
  readonly width: number;
}

const narrowest = 40;
const widest = 120;
const usual = 96;

export function createOutput({
  json,
  noColour,
}: {
  readonly json: boolean;
  readonly noColour: boolean;
}): Output {
  const { stdin, stdout, stderr } = process;
  const style = createStyle(stdout.isTTY && !noColour);
  const print = (text: string) => void stdout.write(text);
  // A reader that has gone (`| head`) has seen what it wanted.
  stdout.on('error', () => undefined);
  const interactive = !json && stdin.isTTY && stdout.isTTY;
  return {
    json,
    interactive,
    width: Math.min(widest, Math.max(narrowest, stdout.isTTY ? stdout.columns : usual)),
    result: (value, text) => print(json ? `${JSON.stringify(value)}\n` : `${text(style)}\n`),
    raw: (value, text) => print(json ? `${JSON.stringify(value)}\n` : text),
    note: (text) => void stderr.write(`${text}\n`),
    confirm: async (question) => {
      if (!interactive) return false;
      const terminal = createInterface({ input: stdin, output: stdout });
      // Ctrl-C and the end of input close it, and are no yes.
      const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
      const answer = await Promise.race([terminal.question(`${question} [y/N] `).catch(() => ''), closed]);
      terminal.close();
      return /^y(es)?$/i.test(answer.trim());
    },
  };
}
