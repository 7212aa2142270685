import { enterScreen, leaveScreen } from './paint.ts';
import type { Size } from './model.ts';

export interface TerminalEvents {
  /** What was typed, as the terminal sends it. */
  readonly typed: (chunk: string) => void;
  readonly resized: () => void;
  /** Something shows on the screen that is not ours: draw all of it again. */
  readonly disturbed: () => void;
  /** The terminal is gone, or somebody wants the program to end; with the exit code that this has by convention. */
  readonly ended: (exitCode: number) => void;
}

/** The terminal as a screen, from `open` to `close`. */
export interface Terminal {
  readonly size: () => Size;
  open(events: TerminalEvents): void;
  write(text: string): void;
  /** Leaves the terminal as it was found. Synchronous; may be called again, and does nothing then. */
  close(): void;
}

const endings = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof endings;

/** The terminal of this process. Whatever ends the process but SIGKILL, the terminal is left as it was found. */
export function processTerminal(): Terminal {
  const { stdin, stdout } = process;
  let undo: (() => void) | null = null;
  const close = (): void => {
    undo?.();
    undo = null;
  };
  return {
    size: () => ({ width: stdout.columns, height: stdout.rows }),
    write: (text) => void stdout.write(text),
    open: (events) => {
      undo = listen(events, close);
      stdin.setRawMode(true);
      stdin.setEncoding('utf8');
      stdin.resume();
      stdout.write(enterScreen);
    },
    close,
  };
}

/** Returns what undoes all of it, and the terminal's modes. */
function listen(events: TerminalEvents, close: () => void): () => void {
  const { stdin, stdout } = process;
  const gone = (): void => events.ended(endings.SIGHUP);
  const continued = (): void => {
    // Stopped and continued from outside: the shell has set its own modes meanwhile.
    stdin.setRawMode(true);
    stdout.write(enterScreen);
    events.disturbed();
  };
  const signals = (Object.keys(endings) as Ending[]).map((signal) => {
    const end = (): void => events.ended(endings[signal]);
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  stdin.on('data', events.typed).once('end', gone);
  stdout.on('resize', events.resized).once('error', gone);
  process.on('SIGCONT', continued).once('exit', close).once('uncaughtExceptionMonitor', close);
  return () => {
    signals.forEach((off) => off());
    process.off('SIGCONT', continued).off('exit', close).off('uncaughtExceptionMonitor', close);
    stdin.off('data', events.typed).off('end', gone);
    stdout.off('resize', events.resized).off('error', gone);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(leaveScreen);
  };
}
