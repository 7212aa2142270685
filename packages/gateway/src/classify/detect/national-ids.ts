import { cpf, elevenProof, luhn, mod11And10, mod11And2, mod97, nhs, pesel, verhoeff } from './checks.ts';
import { digitsOf, isFiller, type Detector } from './detector.ts';

interface Identity {
  readonly name: string;
  readonly title: string;
  readonly pattern: RegExp;
  readonly holds: (candidate: string) => boolean;
  readonly class?: string;
}

const checked =
  (check: (digits: readonly number[]) => boolean) =>
  (candidate: string): boolean => {
    const digits = digitsOf(candidate);
    return !isFiller(digits) && check(digits);
  };

/** A calendar day; the year has two digits, so that 29 February counts as one of some century. */
function isDay(month: number, day: number): boolean {
  const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** Of the first ten digits, exactly one comes twice or three times (§139b AO and the tax office's own rule). */
function isGermanTaxNumber(digits: readonly number[]): boolean {
  const counts = [...Map.groupBy(digits.slice(0, 10), (digit) => digit).values()].map(({ length }) => length);
  const repeated = counts.filter((count) => count > 1);
  return digits[0] !== 0 && repeated.length === 1 && (repeated[0] ?? 0) <= 3 && mod11And10(digits);
}

/** Month 01 to 12, plus 20, 40, 60 or 80 for the century. */
const isPesel = (digits: readonly number[]): boolean => {
  const [, , m1 = 0, m2 = 0, d1 = 0, d2 = 0] = digits;
  return isDay((m1 * 10 + m2) % 20, d1 * 10 + d2) && pesel(digits);
};

/** The last ten digits; a day over 60 is a co-ordination number. */
function isPersonnummer(all: readonly number[]): boolean {
  const digits = all.slice(-10);
  const [, , m1 = 0, m2 = 0, d1 = 0, d2 = 0] = digits;
  const day = d1 * 10 + d2;
  return isDay(m1 * 10 + m2, day > 60 ? day - 60 : day) && luhn(digits);
}

/** Spanish DNI, and NIE, whose first letter stands for a digit. */
function isSpanish(candidate: string): boolean {
  const text = candidate.replace(/[ .-]/g, '').toUpperCase();
  const number = Number(text.slice(0, -1).replace(/^[XYZ]/, (letter) => 'XYZ'.indexOf(letter).toString()));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === text.at(-1);
}

/** French NIR: 97 less the remainder of thirteen digits; Corsica has letters in them. */
function isFrench(candidate: string): boolean {
  const text = candidate.replaceAll(' ', '');
  const number = text.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97 - mod97(number) === Number(text.slice(13));
}

const ITALIAN_ODD = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

function isItalian(candidate: string): boolean {
  const values = [...candidate.toUpperCase()].map((sign) => {
    const value = Number.parseInt(sign, 36);
    return value > 9 ? value - 10 : value;
  });
  const sum = values
    .slice(0, 15)
    .reduce((total, value, at) => total + (at % 2 === 0 ? (ITALIAN_ODD[value] ?? 0) : value), 0);
  return sum % 26 === values[15];
}

function isChinese(candidate: string): boolean {
  const month = Number(candidate.slice(10, 12));
  return isDay(month, Number(candidate.slice(12, 14))) && mod11And2(candidate);
}

/** No check digit: areas that were never given out are all that there is to check. */
function isAmerican(candidate: string): boolean {
  const [area = '', group, serial] = candidate.split('-');
  return (
    !['000', '666'].includes(area) &&
    area < '900' &&
    group !== '00' &&
    serial !== '0000' &&
    candidate !== '123-45-6789'
  );
}

const identities: readonly Identity[] = [
  {
    name: 'us_ssn',
    title: 'social security number (US)',
    pattern: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g,
    holds: isAmerican,
  },
  {
    name: 'de_tax_id',
    title: 'tax number (Germany)',
    pattern: /(?<![\w.-])[1-9]\d(?: ?\d{3}){3}(?![\w-])/g,
    holds: checked(isGermanTaxNumber),
  },
  {
    name: 'es_dni',
    title: 'DNI or NIE (Spain)',
    pattern: /(?<![\w-])(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z](?![\w-])/gi,
    holds: isSpanish,
  },
  {
    name: 'fr_nir',
    title: 'NIR (France)',
    pattern:
      /(?<![\w-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\d|[5-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w-])/g,
    holds: isFrench,
  },
  {
    name: 'it_codice_fiscale',
    title: 'codice fiscale (Italy)',
    pattern: /(?<!\w)[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)/gi,
    holds: isItalian,
  },
  {
    name: 'nl_bsn',
    title: 'citizen service number (Netherlands)',
    pattern: /(?<![\w.-])\d{9}(?![\w-]|\.\d)/g,
    holds: checked(elevenProof),
  },
  {
    name: 'pl_pesel',
    title: 'PESEL (Poland)',
    pattern: /(?<![\w.-])\d{11}(?![\w-]|\.\d)/g,
    holds: checked(isPesel),
  },
  {
    name: 'se_personnummer',
    title: 'personnummer (Sweden)',
    pattern: /(?<![\w.-])(?:(?:19|20)\d{6}[-+]?\d{4}|\d{6}[-+]\d{4})(?![\w-]|\.\d)/g,
    holds: checked(isPersonnummer),
  },
  {
    name: 'gb_nhs',
    title: 'NHS number (United Kingdom)',
    pattern: /(?<![\w.-])(?:\d{10}|\d{3}[ -]\d{3}[ -]\d{4})(?![\w-]|\.\d)/g,
    holds: checked(nhs),
    class: 'phi',
  },
  {
    name: 'br_cpf',
    title: 'CPF (Brazil)',
    pattern: /(?<![\w.-])(?:\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2})(?![\w-]|\.\d)/g,
    holds: checked(cpf),
  },
  {
    name: 'in_aadhaar',
    title: 'Aadhaar (India)',
    pattern: /(?<![\w.-])[2-9]\d{3}(?: ?\d{4}){2}(?![\w-]|[ .]\d)/g,
    holds: checked(verhoeff),
  },
  {
    name: 'cn_resident_id',
    title: 'resident identity number (China)',
    pattern: /(?<![\w.-])[1-9]\d{5}(?:19|20)\d{9}[\dX](?![\w-]|\.\d)/gi,
    holds: isChinese,
  },
];

export const nationalIds: readonly Detector[] = identities.map((each) => ({
  class: 'pii',
  alone: false,
  ...each,
}));
