/** Check digits. Each takes digits, the check digit last, and says whether they agree. */
type Digits = readonly number[];

/** Σ weight · digit. */
const weighted = (digits: Digits, weights: Digits): number =>
  weights.reduce((sum, weight, at) => sum + weight * (digits[at] ?? 0), 0);

/** ISO/IEC 7812-1, annex B. */
export function luhn(digits: Digits): boolean {
  const sum = digits.toReversed().reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? digit : digit * 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return digits.length > 1 && sum % 10 === 0;
}

/** The remainder by 97 of a number of any length, written in digits and letters (A is 10; ISO 13616). */
export function mod97(text: string): number {
  let rest = 0;
  for (const sign of text) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** ISO 7064, MOD 11,10: German tax numbers. */
export function mod11And10(digits: Digits): boolean {
  const product = digits.slice(0, -1).reduce((rest, digit) => {
    const sum = (digit + rest) % 10;
    return ((sum === 0 ? 10 : sum) * 2) % 11;
  }, 10);
  return (11 - product) % 10 === digits.at(-1);
}

/** The dihedral group D5, of Verhoeff's scheme: Indian Aadhaar numbers. */
const MULTIPLY = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTE = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

export function verhoeff(digits: Digits): boolean {
  const sum = digits.toReversed().reduce((total, digit, at) => {
    const moved = Number(PERMUTE[at % 8]?.[digit]);
    return Number(MULTIPLY[total]?.[moved]);
  }, 0);
  return sum === 0;
}

/** Dutch citizen service numbers. */
export const elevenProof = (digits: Digits): boolean =>
  weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;

/** British NHS numbers. */
export function nhs(digits: Digits): boolean {
  const check = (11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === digits[9];
}

/** Brazilian CPF: two check digits. */
export function cpf(digits: Digits): boolean {
  const check = (count: number): number => {
    const rest = (weighted(digits, descending(count + 1, count)) * 10) % 11;
    return rest === 10 ? 0 : rest;
  };
  return check(9) === digits[9] && check(10) === digits[10];
}

const descending = (from: number, count: number): Digits =>
  Array.from({ length: count }, (_, at) => from - at);

/** Polish PESEL. */
export const pesel = (digits: Digits): boolean =>
  (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === digits[10];

/** Chinese resident identity numbers (GB 11643, ISO 7064 MOD 11-2): the last sign may be X, for ten. */
export function mod11And2(text: string): boolean {
  const rest = [...text.slice(0, -1)].reduce((sum, sign) => ((sum + Number(sign)) * 2) % 11, 0);
  return '0123456789X'[(12 - rest) % 11] === text.at(-1)?.toUpperCase();
}
