import { luhn } from './checks.ts';
import { digitsOf, isFiller, type Detector } from './detector.ts';

/** Issuers' ranges by the first digits, with the lengths of their numbers (ISO/IEC 7812; the issuers' own tables). */
const ISSUERS: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [4, 4, [13, 16, 19]],
  [51, 55, [16]],
  [2221, 2720, [16]],
  [34, 34, [15]],
  [37, 37, [15]],
  [6011, 6011, [16, 19]],
  [644, 649, [16, 19]],
  [65, 65, [16, 19]],
  [300, 305, [14, 16, 19]],
  [3095, 3095, [14, 16, 19]],
  [36, 36, [14, 16, 19]],
  [38, 39, [14, 16, 19]],
  [3528, 3589, [16, 19]],
  [62, 62, [16, 17, 18, 19]],
  [50, 50, [12, 13, 14, 15, 16, 17, 18, 19]],
  [56, 58, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6304, 6304, [12, 13, 14, 15, 16, 17, 18, 19]],
  [67, 67, [12, 13, 14, 15, 16, 17, 18, 19]],
];

function isIssued(digits: readonly number[]): boolean {
  const text = digits.join('');
  return ISSUERS.some(([from, to, lengths]) => {
    const prefix = Number(text.slice(0, from.toString().length));
    return from <= prefix && prefix <= to && lengths.includes(digits.length);
  });
}

export const card: Detector = {
  name: 'payment_card',
  title: 'payment card number',
  class: 'pci',
  // In one piece, or in the groups in which cards show them; no piece of a longer number, of a decimal or of a UUID.
  pattern:
    /(?<![\w.-])(?:\d{12,19}|\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![\w-]|\.\d)/g,
  alone: false,
  holds: (candidate) => {
    const digits = digitsOf(candidate);
    return isIssued(digits) && luhn(digits) && !isFiller(digits);
  },
};
