import type { Review } from './review.ts';

/** What counts as one word, whatever the text looks like: code has few spaces. */
const CHARACTERS_A_WORD = 6;

/** How much a person has to read in order to judge this review, in words of six characters. */
export function wordsOf(review: Review): number {
  const { subject, questions, preview } = review;
  const texts = [
    subject.command,
    subject.title,
    subject.statedTask,
    ...subject.parameters.map((parameter) => parameter.value ?? ''),
    ...subject.datasets.flatMap(({ dataset, columns }) => [dataset, ...columns.map((column) => column.name)]),
    ...subject.functions.map((use) => use.name),
    ...subject.unknown,
    ...subject.risk.signals.map((signal) => signal.explanation),
    ...subject.reasons,
    ...subject.holding,
    ...(preview?.findings ?? []).flatMap((finding) => [finding.title, finding.text]),
    ...questions.flatMap(({ text, answer }) => [text, answer?.text ?? '']),
  ];
  return Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / CHARACTERS_A_WORD);
}
