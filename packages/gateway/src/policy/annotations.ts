import type { Approver, Demand } from '../core/decide.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { PolicyJson } from './cedar.ts';
import type { PolicyProblemCode } from './problems.ts';

/** What the annotations of one policy say. `demand` is null for a permit and for a plain forbid. */
export interface Rule {
  readonly id: string;
  readonly kind: 'permit' | 'forbid' | 'review';
  readonly reason: string;
  readonly demand: Demand | null;
}

export interface Complaint {
  readonly code: PolicyProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** Who exists; a name that policies use and nobody has is a rule that silently never matches. */
export interface KnownNames {
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly agents: readonly string[];
  readonly targets: readonly string[];
}

const KNOWN = ['id', 'reason', 'controls', 'author', 'review', 'quorum', 'rejections', 'exclude', 'expires'];
const REVIEW_ONLY = ['quorum', 'rejections', 'exclude', 'expires'];
const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const CONTROL = /^[A-Za-z0-9-]+:[A-Za-z0-9.()-]+$/;
const DURATION = /^([1-9]\d{0,5})([smhd])$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_REVIEW_MS = 7 * UNIT_MS.d;
const DEFAULT_EXPIRES = '30m';
const MOST_APPROVALS = 20;

const complaint = (code: PolicyProblemCode, message: string, hint: string): Complaint => ({
  code,
  message,
  hint,
});

/** Milliseconds of `45s`, `30m`, `4h` or `1d`; undefined for anything else and for more than a week. */
function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const durationMs = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return durationMs <= LONGEST_REVIEW_MS ? durationMs : undefined;
}

function parseApprover(text: string, names: KnownNames | null): Result<Approver, Complaint> {
  const [, kind, name = ''] = /^(group|person):(\S+)$/.exec(text) ?? [];
  if (kind !== 'group' && kind !== 'person') {
    const message = `@review names an approver as ${JSON.stringify(text)}`;
    return err(
      complaint(
        'policy.review_approver',
        message,
        'write "group:NAME" or "person:NAME", with commas between them',
      ),
    );
  }
  const known = kind === 'group' ? names?.groups : names?.people;
  if (known !== undefined && !known.includes(name)) {
    const message = `@review names the ${kind} ${JSON.stringify(name)}, which the configuration does not have`;
    return err(
      complaint(
        'policy.unknown_name',
        message,
        `add it to the configuration, or name one of: ${known.join(', ')}`,
      ),
    );
  }
  return ok({ kind, name });
}

const split = (text: string, separator: RegExp): readonly string[] =>
  text.split(separator).filter((part) => part !== '');

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

  complain(code: PolicyProblemCode, message: string, hint: string): void {
    this.complaints.push(complaint(code, message, hint));
  }

  unknown(): void {
    for (const name of Object.keys(this.#annotations)) {
      if (KNOWN.includes(name)) continue;
      this.complain(
        'policy.annotation_unknown',
        `@${name} is no annotation of Sallyport`,
        `the annotations are: @${KNOWN.join(', @')}`,
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
      );
    }
    return controls;
  }

  approvers(): readonly Approver[] {
    const approvers: Approver[] = [];
    for (const part of split(this.text('review') ?? '', /\s*,\s*|^\s+|\s+$/)) {
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
      this.complain('policy.quorum', `@${name} is ${JSON.stringify(text)}`, hint);
    }
    return count;
  }

  /** Who wrote the policy, by name; undefined where it doesn't say. */
  author(): string | undefined {
    const author = this.text('author');
    const known = this.#names?.people;
    if (author === undefined || known === undefined || known.includes(author)) return author;
    const message = `@author names ${JSON.stringify(author)}, whom the configuration does not have`;
    this.complain('policy.unknown_name', message, `name one of: ${known.join(', ')}`);
    return author;
  }

  /** People whose approval doesn't count for this demand. */
  excluded(): readonly string[] {
    const author = this.author();
    return split(this.text('exclude') ?? '', /\s*,\s*|^\s+|\s+$/).flatMap((part) => {
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
    const parsed = parseApprover(part, this.#names);
    if (parsed.ok && parsed.value.kind === 'person') return [parsed.value.name];
    const hint = 'write author or person:NAME, with commas between them';
    if (parsed.ok) this.complain('policy.exclude', `@exclude names ${JSON.stringify(part)}`, hint);
    else this.complaints.push({ ...parsed.error, hint });
    return [];
  }

  expiresInMs(): number {
    const text = this.text('expires') ?? DEFAULT_EXPIRES;
    const expiresInMs = parseDuration(text);
    if (expiresInMs !== undefined) return expiresInMs;
    this.complain(
      'policy.expires',
      `@expires is ${JSON.stringify(text)}`,
      'write a number and s, m, h or d, at most 7d, e.g. "30m"',
    );
    return 0;
  }
}

function readDemand(reader: AnnotationReader, policy: string, reason: string): Demand {
  return {
    policy,
    approvers: reader.approvers(),
    escalation: [],
    quorum: reader.count('quorum'),
    rejections: reader.count('rejections'),
    expiresInMs: reader.expiresInMs(),
    remindersMs: [],
    calendar: null,
    passkeyFromRisk: null,
    excluded: reader.excluded(),
    reason,
    controls: reader.controls(),
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
