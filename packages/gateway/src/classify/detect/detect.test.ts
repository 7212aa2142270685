import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { luhn, mod11And10, mod97, verhoeff } from './checks.ts';
import { look } from './detector.ts';
import { ColumnProfile, detectors } from './profile.ts';

/** Names of the detectors that hold for a text. */
const found = (text: string): readonly string[] =>
  detectors.filter((each) => look(each, text).matches > 0).map(({ name }) => name);

/** Published examples and test numbers: nobody's own. */
const examples: readonly (readonly [detector: string, value: string])[] = [
  ['payment_card', '4111111111111111'],
  ['payment_card', '4111 1111 1111 1111'],
  ['payment_card', '5555-5555-5555-4444'],
  ['payment_card', '3782 822463 10005'],
  ['payment_card', 'paid with 6011111111111117, thanks'],
  ['payment_card', '2223003122003222'],
  ['iban', 'DE89370400440532013000'],
  ['iban', 'GB29 NWBK 6016 1331 9268 19'],
  ['iban', 'NO93 8601 1117 947'],
  ['iban', 'MT84MALT011000012345MTLCAST001S'],
  ['email', 'ana.lopez+news@mail.example.org'],
  ['email', 'Write to <kim@example.co.uk>.'],
  ['phone', '+49 170 1234567'],
  ['phone', '+1 (415) 555-2671'],
  ['phone', '+442071838750'],
  ['us_ssn', '219-09-9999'],
  ['de_tax_id', '86095742719'],
  ['de_tax_id', '47 036 892 816'],
  ['es_dni', '12345678Z'],
  ['es_dni', 'X1234567L'],
  ['fr_nir', '2 55 08 14 168 025 38'],
  ['it_codice_fiscale', 'RSSMRA85T10A562S'],
  ['nl_bsn', '111222333'],
  ['pl_pesel', '44051401359'],
  ['se_personnummer', '811218-9876'],
  ['gb_nhs', '943 476 5919'],
  ['br_cpf', '529.982.247-25'],
  ['in_aadhaar', '2341 2341 2346'],
  ['cn_resident_id', '11010519491231002X'],
  ['api_key', 'AKIAIOSFODNN7EXAMPLE'],
  ['api_key', `ghp_${'aB3dE6gH9'.repeat(4)}`],
  ['api_key', `token=xoxb-${'1234567890'}-abcdefABCDEF`],
  ['private_key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA'],
  ['private_key', '-----BEGIN PRIVATE KEY-----'],
  [
    'jwt',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  ],
  ['password_hash', '$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW'],
  ['password_hash', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG'],
  ['url_password', 'postgres://app:hunter2@db.internal:5432/shop'],
  ['random_token', 'q7Zk2XwB9vRt4LmN8pYc3HsD6fGj1KeU'],
];

describe('what is one of its kind', () => {
  test.each(examples)('%s: %s', (detector, value) => {
    expect(found(value)).toContain(detector);
  });
});

/** Each looks like something at first sight. */
const harmless: readonly (readonly [what: string, value: string])[] = [
  ['a card number with a digit wrong', '4111111111111112'],
  ['sixteen digits of no issuer', '1234567812345670'],
  ['zeros', '0000000000000000'],
  ['ones after a prefix', '4000000000000000000000'],
  ['milliseconds since 1970', '1795278503000'],
  ['microseconds since 1970', '1795278503000123'],
  ['a decimal', '4111111111111111.25'],
  ['a part of a UUID', '41111111-1111-4111-8111-411111111111'],
  ['a UUID', '0198c2f0-6b5a-7c3e-9f11-2a4b6c8d0e1f'],
  ['an IBAN of a country without', 'US89370400440532013000'],
  ['an IBAN with a digit wrong', 'DE88370400440532013000'],
  ['an IBAN that is too short', 'DE8937040044053201300'],
  ['an address without a domain', 'root@localhost'],
  ['an address with two dots', 'ana..lopez@example.com'],
  ['a package', '@scope/name@1.2.3'],
  ['an image for other screens', 'logo@2x.png'],
  ['digits without a plus', '491701234567'],
  ['a plus and a sum', '+12.50'],
  ['a country that is none', '+999 123 4567'],
  ['a version', '10.15.7-beta.2'],
  ['an address of a host', '192.168.100.200'],
  ['a date', '2026-11-21T16:28:23.000Z'],
  ['a number that nobody was given', '000-12-3456'],
  ['a part number', '666-45-6789'],
  ['a DNI with the wrong letter', '12345678A'],
  ['a Git object', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'],
  ['a digest', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['a path', '/usr/local/share/applications/defaults.list'],
  ['a name in camel case', 'AbstractSingletonProxyFactoryBean'],
  ['a name with numbers', 'customer_orders_2026_partition_0000012'],
  ['an address on the web', 'https://example.com/Products/Shoes/RunningShoes2026'],
  ['a public key', '-----BEGIN PUBLIC KEY-----'],
  ['a certificate', '-----BEGIN CERTIFICATE-----'],
  ['base64url that is no header', 'eyJub3QgYSBoZWFkZXI.eyJzdWIiOiIxIn0.c2ln'],
  ['a price', '$2,499.00'],
  ['latin', 'Lorem ipsum dolor sit amet, consectetur adipiscing elit'],
  ['an empty text', ''],
];

describe('what only looks like it', () => {
  test.each(harmless)('%s: %s', (_, value) => {
    expect(found(value)).toEqual([]);
  });
});

const digits = (count: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count });
const completed = (
  body: readonly number[],
  check: (all: readonly number[]) => boolean,
): readonly number[] | undefined => Array.from({ length: 10 }, (_, last) => [...body, last]).find(check);

describe('check digits', () => {
  test.each([
    ['Luhn', luhn, 15],
    ['Verhoeff', verhoeff, 11],
    ['MOD 11,10', mod11And10, 10],
  ] as const)('%s: each number has one, and no single wrong digit goes through', (_, check, length) => {
    fc.assert(
      fc.property(digits(length), fc.nat(length - 1), fc.integer({ min: 1, max: 9 }), (body, at, by) => {
        const whole = completed(body, check);
        if (whole === undefined) throw new Error('no check digit');
        const wrong = whole.with(at, ((whole[at] ?? 0) + by) % 10);
        expect(check(wrong)).toBe(false);
      }),
    );
  });

  test('MOD 97: no single wrong digit and no swap of neighbours goes through', () => {
    fc.assert(
      fc.property(digits(18), fc.nat(16), (body, at) => {
        const text = body.join('');
        const swapped = body
          .with(at, body[at + 1] ?? 0)
          .with(at + 1, body[at] ?? 0)
          .join('');
        if (text !== swapped) expect(mod97(text)).not.toBe(mod97(swapped));
      }),
    );
  });
});

test('any text takes every detector a time in proportion to its length, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 512 }),
      (bytes) => void found(Buffer.from(bytes).toString('latin1')),
    ),
    { numRuns: 30 },
  );
  for (const unit of [
    'a@',
    '+1 ',
    '4111 ',
    'eyJhbGci.',
    'A1',
    '$5$',
    'http://a:',
    '1.',
    'DE00 ',
    '-----BEGIN A ',
  ])
    found(unit.repeat(1_000));
});

describe('a column', () => {
  const profile = (values: readonly string[]) => {
    const column = new ColumnProfile();
    for (const value of values) column.add(value);
    return column.findings();
  };

  test('is proposed with counts, and with more confidence the more it saw', () => {
    const few = profile(['a@example.com', 'b@example.com', 'c@example.com', '', ' ']);
    expect(few).toEqual([
      { detector: 'email', title: 'e-mail address', class: 'pii', values: 3, of: 3, confidence: 0.44 },
    ]);
    const many = profile(Array.from({ length: 300 }, (_, at) => `user${at.toString()}@example.com`));
    expect(many).toMatchObject([{ values: 300, of: 300, confidence: 0.99 }]);
  });

  test('of any sixteen digits is no column of card numbers, though one in ten passes the check', () => {
    fc.assert(
      fc.property(fc.array(digits(15), { minLength: 200, maxLength: 200 }), (rows) => {
        const values = rows.map((row) => `4${row.join('')}`);
        expect(profile(values).map(({ detector }) => detector)).not.toContain('payment_card');
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['nine', 100_000_000],
    ['ten', 1_000_000_000],
    ['eleven', 10_000_000_000],
    ['twelve', 200_000_000_000],
  ])('that counts up in %s digits holds nobody’s number', (_, from) => {
    expect(profile(Array.from({ length: 500 }, (_unused, at) => (from + at).toString()))).toEqual([]);
  });

  test('of free text is proposed for the few values that hold something', () => {
    const values = Array.from({ length: 100 }, (_, at) =>
      at % 10 === 0 ? `please call ${at.toString()}: kim${at.toString()}@example.org` : 'parcel arrived late',
    );
    expect(profile(values)).toMatchObject([{ detector: 'email', values: 10, of: 100 }]);
  });

  test('with one private key among notes is proposed as secret', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIE';
    expect(profile(['a note', key, 'another'])).toMatchObject([{ class: 'secret', values: 1, of: 3 }]);
  });

  test('tells nothing of its values', () => {
    const canary = 'canary-7f3a@example.com';
    expect(JSON.stringify(profile([canary, `1${canary}`, `2${canary}`]))).not.toContain('canary');
  });
});
