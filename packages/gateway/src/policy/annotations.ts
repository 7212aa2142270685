import type { Approver, Demand, EscalationStep } from '../core/decide.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { PolicyJson } from './cedar.ts';
import {
  COMMAS,
  complaint,
  parseApprover,
  parseDuration,
  readChannels,
  split,
  type Complaint,
  type KnownNames,
} from './annotation-values.ts';
import { readCalendar, readEscalation, readReminders } from './delays.ts';
import type { PolicyProblemCode } from './problems.ts';
import type { Suspect } from './vocabulary.ts';

/** What the annotations of one policy say. `demand` is null for a permit and for a plain forbid. */
export interface Rule {
  readonly id: string;
  readonly kind: 'permit' | 'forbid' | 'review';
  readonly reason: string;
  readonly demand: Demand | null;
}

const REVIEW_ONLY = [
  'quorum',
  'rejections',
  'exclude',
  'expires',
  'remind',
  'escalate',
  'calendar',
  'passkey',
  'channel',
];
const KNOWN = ['id', 'reason', 'controls', 'author', 'review', ...REVIEW_ONLY];
const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const CONTROL = /^[A-Za-z0-9-]+:[A-Za-z0-9.()-]+$/;
const DEFAULT_EXPIRES = '30m';
const MOST_APPROVALS = 20;
const HIGHEST_RISK = 100;

class AnnotationReader {
  readonly complaints: Complaint[] = [];
  readonly #annotations: Readonly<Record<string, string>>;
  readonly #names: KnownNames | null;

  constructor(annotations: Readonly<Record<string, string>>, names: KnownNames | null) {
    this.#annotations = annotations;
    this.#names = names;
  }

  text(name: string): string | undefined {
    return this.#annotations[name];
  }

  complain(code: PolicyProblemCode, message: string, hint: string, suspect?: Suspect): void {
    this.complaints.push(complaint(code, message, hint, suspect));
  }

  unknown(): void {
    for (const name of Object.keys(this.#annotations)) {
      if (KNOWN.includes(name)) continue;
      this.complain(
        'policy.annotation_unknown',
        `@${name} is no annotation of Sallyport`,
        `the annotations are: @${KNOWN.join(', @')}`,
        { word: name, candidates: KNOWN, annotation: name },
      );
    }
  }

  id(): string {
    const id = this.text('id') ?? '';
    if (!ID.test(id)) {
      this.complain(
        'policy.id_missing',
        'the policy has no usable @id',
        'add @id("…") of lower-case letters, digits and hyphens; the records name the policy by it',
      );
    }
    return id;
  }

  reason(): string {
    const reason = this.text('reason')?.trim() ?? '';
    if (reason === '') {
      this.complain(
        'policy.reason_missing',
        'the policy gives no @reason',
        'add @reason("…"): the agent and the reviewer are told this sentence',
      );
    }
    return reason;
  }

  controls(): readonly string[] {
    const controls = split(this.text('controls') ?? '', /\s+/);
    for (const control of controls) {
      if (CONTROL.test(control)) continue;
      this.complain(
        'policy.controls',
        `@controls holds ${JSON.stringify(control)}`,
        'write FRAMEWORK:CONTROL, with spaces between them, e.g. "SOC2:CC6.1 ISO27001:A.8.2"',
        { word: control, candidates: [], annotation: 'controls' },
      );
    }
    return controls;
  }

  approvers(): readonly Approver[] {
    const approvers: Approver[] = [];
    for (const part of split(this.text('review') ?? '', COMMAS)) {
      const parsed = parseApprover(part, this.#names);
      if (parsed.ok) approvers.push(parsed.value);
      else this.complaints.push(parsed.error);
    }
    if (approvers.length === 0 && this.complaints.length === 0) {
      this.complain(
        'policy.review_approver',
        '@review names nobody who may approve',
        'write @review("group:NAME"), or make it a plain forbid by removing @review',
      );
    }
    return approvers;
  }

  /** How many distinct people it takes to approve, or to reject. */
  count(name: 'quorum' | 'rejections'): number {
    const text = this.text(name) ?? '1';
    const count = /^[1-9]\d?$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > MOST_APPROVALS) {
      const hint = `write a whole number from 1 to ${MOST_APPROVALS}`;
      const suspect = { word: text, candidates: [], annotation: name };
      this.complain('policy.quorum', `@${name} is ${JSON.stringify(text)}`, hint, suspect);
    }
    return count;
  }

  /** Who wrote the policy, by name; undefined where it doesn't say. */
  author(): string | undefined {
    const author = this.text('author');
    const known = this.#names?.people;
    if (author === undefined || known === undefined || known.includes(author)) return author;
    const message = `@author names ${JSON.stringify(author)}, whom the configuration does not have`;
    const suspect = { word: author, candidates: known, annotation: 'author' };
    this.complain('policy.unknown_name', message, `name one of: ${known.join(', ')}`, suspect);
    return author;
  }

  /** People whose approval doesn't count for this demand. */
  excluded(): readonly string[] {
    const author = this.author();
    return split(this.text('exclude') ?? '', COMMAS).flatMap((part) => {
      if (part !== 'author') return this.#excludedPerson(part);
      if (author !== undefined) return [author];
      this.complain(
        'policy.exclude',
        '@exclude speaks of the author, and no @author says who that is',
        'add @author("NAME")',
      );
      return [];
    });
  }

  #excludedPerson(part: string): readonly string[] {
    const parsed = parseApprover(part, this.#names, 'exclude');
    if (parsed.ok && parsed.value.kind === 'person') return [parsed.value.name];
    const hint = 'write author or person:NAME, with commas between them';
    if (parsed.ok) this.complain('policy.exclude', `@exclude names ${JSON.stringify(part)}`, hint);
    else this.complaints.push({ ...parsed.error, hint });
    return [];
  }

  /** From which risk on an approval has to be signed: `always` is from 0 on; null where it never has to. */
  passkeyFromRisk(): number | null {
    const text = this.text('passkey');
    if (text === undefined) return null;
    if (text === 'always') return 0;
    const [, least] = /^risk >= (\d{1,3})$/.exec(text) ?? [];
    if (least !== undefined && Number(least) <= HIGHEST_RISK) return Number(least);
    const hint = 'write "always", or "risk >= N" with a whole number from 0 to 100';
    const suspect = { word: text, candidates: ['always'], annotation: 'passkey' };
    this.complain('policy.passkey', `@passkey is ${JSON.stringify(text)}`, hint, suspect);
    // Complaints refuse the policy; if they didn't, this would ask for most.
    return 0;
  }

  expiresInMs(): number {
    const text = this.text('expires') ?? DEFAULT_EXPIRES;
    const expiresInMs = parseDuration(text);
    if (expiresInMs !== undefined) return expiresInMs;
    this.complain(
      'policy.expires',
      `@expires is ${JSON.stringify(text)}`,
      'write a number and s, m, h or d, at most 7d, e.g. "30m"',
      { word: text, candidates: [], annotation: 'expires' },
    );
    return 0;
  }

  remindersMs(expiresInMs: number): readonly number[] {
    const text = this.text('remind');
    return text === undefined ? [] : this.#take(readReminders(text, expiresInMs), []);
  }

  escalation(expiresInMs: number): readonly EscalationStep[] {
    const text = this.text('escalate');
    return text === undefined ? [] : this.#take(readEscalation(text, expiresInMs, this.#names), []);
  }

  calendar(): string | null {
    const text = this.text('calendar');
    if (text === undefined) return null;
    const read = readCalendar(text.trim(), this.#names);
    return this.#take(read.ok ? read : err([read.error]), null);
  }

  /** Undefined: as the configuration says. */
  channels(): readonly string[] | undefined {
    const text = this.text('channel');
    return text === undefined ? undefined : this.#take(readChannels(text, this.#names), []);
  }

  /** With a complaint, the policy is refused as a whole: what stands in for the value is never used. */
  #take<T>(read: Result<T, readonly Complaint[]>, otherwise: T): T {
    if (read.ok) return read.value;
    this.complaints.push(...read.error);
    return otherwise;
  }
}

function readDemand(reader: AnnotationReader, policy: string, reason: string): Demand {
  const approvers = reader.approvers();
  const expiresInMs = reader.expiresInMs();
  const channels = reader.channels();
  return {
    policy,
    approvers,
    escalation: reader.escalation(expiresInMs),
    quorum: reader.count('quorum'),
    rejections: reader.count('rejections'),
    expiresInMs,
    remindersMs: reader.remindersMs(expiresInMs),
    calendar: reader.calendar(),
    passkeyFromRisk: reader.passkeyFromRisk(),
    excluded: reader.excluded(),
    reason,
    controls: reader.controls(),
    ...(channels === undefined ? {} : { channels }),
  };
}

/** The rule that a policy's annotations make, or everything that is wrong with them. */
export function readRule(policy: PolicyJson, names: KnownNames | null): Result<Rule, readonly Complaint[]> {
  const annotations = policy.annotations ?? {};
  const reader = new AnnotationReader(annotations, names);
  reader.unknown();
  const id = reader.id();
  const reason = reader.reason();
  const asks = Object.hasOwn(annotations, 'review');
  if (asks && policy.effect === 'permit') {
    reader.complain(
      'policy.review_on_permit',
      '@review stands on a permit',
      'a review takes something away that a permit gives: write forbid',
    );
  }
  for (const name of asks ? [] : REVIEW_ONLY.filter((each) => Object.hasOwn(annotations, each))) {
    reader.complain(
      'policy.review_missing',
      `@${name} has no meaning without @review`,
      'add @review("group:NAME"), or remove it',
      { word: name, candidates: [], annotation: name },
    );
  }
  const demand = asks ? readDemand(reader, id, reason) : null;
  if (!asks) {
    reader.controls();
    reader.author();
  }
  if (reader.complaints.length > 0) return err(reader.complaints);
  return ok({ id, kind: asks ? 'review' : policy.effect, reason, demand });
}
