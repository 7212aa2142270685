import { isBlank } from './blank.ts';
import type { Sent } from './ledger-side.ts';
import { compareParameters, type Comparison, type LoggedValues } from './parameters.ts';
import type { LogRecord } from './postgres-log.ts';

/** Where something stands in a log, and whose connection it was. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly atMs: number;
  readonly user: string;
  readonly database: string;
  readonly host: string;
  readonly session: string;
  readonly applicationName: string;
  readonly text: string;
}

export function placeOf(record: LogRecord, text: string): Place {
  const { file, line, atMs, user, database, host, session, applicationName } = record;
  return { file, line, atMs, user, database, host, session, applicationName, text };
}

export interface Matched {
  readonly sent: Sent;
  /** The error that the target logged. */
  readonly failed: string | null;
  /** Where it stands in the log; null where the target refused it before it ran. */
  readonly place: Place | null;
  /** Whether the bound values are those of the ledger; null: one of the two doesn't tell them. */
  readonly values: Comparison | null;
}

export interface SessionOutcome {
  readonly matched: readonly Matched[];
  /** As many statements as actions, of which nobody has the text any more. */
  readonly matchedByCount: number;
  /** Statements that the ledger has under another text at that place of the session. */
  readonly differing: readonly { readonly place: Place; readonly sent: Sent }[];
  readonly unexplained: readonly Place[];
  readonly unmatched: readonly Sent[];
}

/** More statements than any gateway takes in one message. */
const MAX_PARTS = 1_000;
/** Of one text in one session: more are not bound at a time. */
const MAX_TRIED = 256;

interface Match extends Matched {
  readonly text: string;
  failed: string | null;
}

/**
 * The statements of one of the gateway's sessions against the actions that its ledger has for it. By text, each action
 * once: a statement that was logged twice needs two actions. The order within a session doesn't decide, since an action
 * is recorded when it is bound, and may run behind one that was bound later.
 */
export class SessionMatch {
  readonly #sents: readonly Sent[];
  readonly #byText = new Map<string, Sent[]>();
  readonly #used = new Set<Sent>();
  readonly #matched: Match[] = [];
  readonly #unexplained: Place[] = [];
  readonly #texts = new Set<string>();
  readonly #failedTexts = new Map<string, string[]>();
  #last: readonly Match[] = [];
  /** All actions before it are used. */
  #from = 0;

  constructor(sents: readonly Sent[]) {
    this.#sents = sents;
    for (const sent of sents) {
      if (sent.text === null) continue;
      const same = this.#byText.get(sent.text);
      if (same === undefined) this.#byText.set(sent.text, [sent]);
      else same.push(sent);
    }
  }

  get size(): number {
    return this.#matched.length;
  }

  statement(record: LogRecord, { texts, isContinued, parameters }: Statement): void {
    this.#last = [];
    // More rows of a portal that has run before.
    if (isContinued && texts.some((text) => this.#texts.has(text))) return;
    const found = texts.map((text) => this.#take(text, parameters)).find((sents) => sents.length > 0);
    const [text = ''] = texts;
    if (found !== undefined) {
      const place = placeOf(record, text);
      this.#last = found.map((sent) => {
        const values = found.length > 1 ? null : valuesOf(sent, parameters);
        return { sent, text: sent.text ?? '', failed: null, place, values };
      });
      this.#matched.push(...this.#last);
      for (const each of texts) this.#texts.add(each);
    } else if (!isBlank(text)) this.#unexplained.push(placeOf(record, text));
  }

  /** An error belongs to the statement before it where that has its text; else it came before the target ran anything. */
  error(text: string, sqlState: string): void {
    const [only, second] = this.#last;
    if (only !== undefined && second === undefined && only.text === text) only.failed = sqlState;
    else this.#failedTexts.set(text, [...(this.#failedTexts.get(text) ?? []), sqlState]);
  }

  /** One action of that text; or several, one behind the other, that make it up: a message of several statements. */
  #take(text: string, parameters: LoggedValues | null): readonly Sent[] {
    const same = this.#byText.get(text) ?? [];
    // Portals of one text run in any order: the values tell which it is.
    const at = same.slice(0, MAX_TRIED).findIndex((each) => valuesOf(each, parameters) !== 'other');
    const [sent] = same.splice(Math.max(at, 0), 1);
    if (sent !== undefined) {
      this.#used.add(sent);
      return [sent];
    }
    while (this.#from < this.#sents.length && this.#used.has(this.#sents[this.#from] as Sent)) this.#from++;
    let first = this.#from;
    for (; first < this.#sents.length; first++) {
      const each = this.#sents[first] as Sent; // below the length
      if (!this.#used.has(each) && isHead(each, text)) break;
    }
    const run: Sent[] = [];
    let rest = text;
    for (const next of this.#sents.slice(first, first + MAX_PARTS)) {
      if (next.text === null || rest === '' || this.#used.has(next) || !rest.startsWith(next.text)) break;
      run.push(next);
      rest = rest.slice(next.text.length);
    }
    if (run.length === 0 || !isBlank(rest)) return [];
    for (const each of run) this.#consume(each);
    return run;
  }

  #consume(sent: Sent): void {
    this.#used.add(sent);
    const same = this.#byText.get(sent.text ?? '');
    const at = same?.indexOf(sent) ?? -1;
    if (at !== -1) same?.splice(at, 1);
  }

  end(): SessionOutcome {
    const rest = this.#sents.filter((sent) => !this.#used.has(sent));
    const early = rest.filter((sent) => this.#failedEarly(sent));
    const isEarly = new Set(early);
    const left = rest.filter((sent) => !isEarly.has(sent));
    const textless = left.filter(({ text, outcome }) => text === null && outcome?.status !== 'refused');
    const byCount = Math.min(textless.length, this.#unexplained.length);
    const unexplained = this.#unexplained.slice(byCount);
    const gone = new Set(textless.slice(0, byCount));
    const unmatched = left.filter((sent) => !gone.has(sent));
    const claimed = unmatched.filter(({ text, outcome }) => text !== null && outcome?.status === 'succeeded');
    const pairs = unexplained.slice(0, claimed.length);
    const differing = pairs.map((place, at) => ({ place, sent: claimed[at] as Sent })); // as many as those
    const paired = new Set(differing.map(({ sent }) => sent));
    return {
      matched: [
        ...this.#matched,
        ...early.map((sent) => ({ sent, failed: null, place: null, values: null })),
      ],
      matchedByCount: byCount,
      differing,
      unexplained: unexplained.slice(pairs.length),
      unmatched: unmatched.filter((sent) => !paired.has(sent)),
    };
  }

  /** The target refused it before it began to execute, and said so: once for each such error. */
  #failedEarly({ text, outcome }: Sent): boolean {
    if (text === null || outcome?.status !== 'failed') return false;
    const codes = this.#failedTexts.get(text);
    const at = codes?.indexOf(outcome.code) ?? -1;
    if (at !== -1) codes?.splice(at, 1);
    return at !== -1;
  }
}

type Statement = Extract<LogRecord['event'], { readonly kind: 'statement' }>;

/** Without values on both sides there is nothing to compare, nor to say. */
function valuesOf({ parameters: bound }: Sent, logged: LoggedValues | null): Comparison | null {
  if (bound === null || (bound.length === 0 && logged === null)) return null;
  return logged === null ? 'unclear' : compareParameters(bound, logged);
}

const isHead = ({ text }: Sent, whole: string): boolean =>
  text !== null && text !== '' && text.length < whole.length && whole.startsWith(text);
