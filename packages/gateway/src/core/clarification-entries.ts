/** What people, agents and the gateway say about a review. Their words are beside the leaf, which commits to them. */
import { reviewedEntry, sealValues, type SealedEntry, type Sealing } from './entry.ts';
import type { Preview } from './preview.ts';
import type { Answer, Question, Review } from './review.ts';

export function questionEntry(
  review: Review,
  question: Question,
  subject: string,
  sealing: Sealing,
): SealedEntry {
  const { atMs, by, channel, id, text, to } = question;
  const sealed = sealValues({ text }, sealing);
  return reviewedEntry('question', { review, atMs, subject, sealed }, { question: { by, channel, id, to } });
}

export function answerEntry(
  review: Review,
  answered: { readonly question: number; readonly answer: Answer },
  subject: string,
  sealing: Sealing,
): SealedEntry {
  const { atMs, by, channel, kind, text } = answered.answer;
  const sealed = sealValues({ text }, sealing);
  const answer = { by, channel, id: answered.question, kind };
  return reviewedEntry('answer', { review, atMs, subject, sealed }, { answer });
}

export function previewEntry(
  review: Review,
  preview: Preview,
  subject: string,
  sealing: Sealing,
): SealedEntry {
  const findings = preview.findings.map((finding) => ({ ...finding }));
  const sealed = sealValues({ findings }, sealing);
  const kinds = findings.map((finding) => finding.kind);
  return reviewedEntry('preview', { review, atMs: preview.atMs, subject, sealed }, { findings: kinds });
}
