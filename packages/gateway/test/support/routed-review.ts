import { canaries } from '../../src/channels/compliance.ts';
import type { Review } from '../../src/core/review.ts';
import { demand, review, RENDERING } from './subjects.ts';

/** A pending review with everything on it, whose texts are canaries. */
export function routedReview(given: Partial<Review> = {}): Review {
  const demands = [
    demand({ escalation: [{ afterMs: 1_000, approvers: [{ kind: 'person', name: 'lee' }] }] }),
  ];
  const bare = review({}, demands);
  const vote = {
    person: 'kim',
    identity: 'kim',
    kind: 'approve',
    reason: canaries.value,
    digest: bare.subject.digest,
    rendering: RENDERING,
    atMs: 2_000,
    channel: 'cli',
    passkey: {
      passkey: 'pky_01jd00000000000000000000a1',
      publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
      authenticatorData: 'AA',
      clientDataJSON: 'AA',
      signature: canaries.signature,
      nonce: 'n',
      expiresAtMs: 9_000,
    },
    retractedAtMs: null,
  } as const;
  const question = {
    id: 1,
    by: 'kim',
    to: 'agent',
    text: canaries.value,
    atMs: 2_000,
    channel: 'cli',
    answer: { by: 'reporter', kind: 'agent', text: canaries.value, atMs: 3_000, channel: 'api' },
  } as const;
  return {
    ...bare,
    votes: [vote],
    questions: [question],
    subject: {
      ...bare.subject,
      command: `SELECT email FROM customers WHERE name = '${canaries.command}'`,
      title: canaries.command,
      parameters: [{ type: 'text', format: 'text', value: canaries.value }],
      unknown: [canaries.value],
      salt: canaries.salt,
      holding: [canaries.value],
    },
    ...given,
  };
}
