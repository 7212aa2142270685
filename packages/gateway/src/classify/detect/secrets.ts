import type { Detector } from './detector.ts';

const always = (): boolean => true;

/** Tokens that say what they are: each issuer's own prefix and length. */
const PREFIXED = new RegExp(
  [
    '(?:AKIA|ASIA)[A-Z2-7]{16}',
    'gh[pousr]_[A-Za-z0-9]{36,251}',
    'github_pat_[A-Za-z0-9_]{60,251}',
    'glpat-[A-Za-z0-9_-]{20,60}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,250}',
    '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,247}',
    'whsec_[A-Za-z0-9+/=]{24,250}',
    'sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20,250}',
    'AIza[A-Za-z0-9_-]{35}',
    'ya29\\.[A-Za-z0-9_-]{20,250}',
    'npm_[A-Za-z0-9]{36}',
    'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}',
    'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}',
    'dop_v1_[a-f0-9]{64}',
    'hvs\\.[A-Za-z0-9_-]{24,250}',
    'AGE-SECRET-KEY-1[A-Z0-9]{58}',
  ]
    .map((prefixed) => `(?<![A-Za-z0-9])${prefixed}(?![A-Za-z0-9])`)
    .join('|'),
  'g',
);

/** RFC 7515: a header that is JSON and names its algorithm. */
function isTokenHeader(candidate: string): boolean {
  const [header = ''] = candidate.split('.');
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && ('alg' in parsed || 'enc' in parsed);
  } catch {
    return false;
  }
}

/** Shannon's entropy of the text's own signs, in bits a sign. */
export function entropyBits(text: string): number {
  const counts = [...Map.groupBy(text, (sign) => sign).values()].map(({ length }) => length / text.length);
  return counts.reduce((sum, share) => sum - share * Math.log2(share), 0);
}

/** As much as random text of this length has, less what chance takes away: words and names stay below. */
const LEAST_ENTROPY_BITS = 4;
const KINDS = [/[a-z]/, /[A-Z]/, /[0-9]/];

function looksRandom(candidate: string): boolean {
  const switches = candidate.match(/(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=[0-9])[A-Za-z]/g)?.length ?? 0;
  return (
    KINDS.every((kind) => kind.test(candidate)) &&
    // Names in camel case change their kind once a word; random text changes it at every other sign.
    switches >= candidate.length / 3 &&
    entropyBits(candidate) >= LEAST_ENTROPY_BITS
  );
}

export const secrets: readonly Detector[] = [
  {
    name: 'api_key',
    title: 'key or token of a known issuer',
    pattern: PREFIXED,
    holds: always,
  },
  {
    name: 'private_key',
    title: 'private key',
    pattern: /-----BEGIN (?:[A-Z0-9]{2,16} ){0,2}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]:/g,
    holds: always,
  },
  {
    name: 'jwt',
    title: 'signed or encrypted token (JWT)',
    pattern: /(?<![\w-])eyJ[\w-]{8,2000}\.[\w-]{2,2000}\.[\w-]{0,2000}/g,
    holds: isTokenHeader,
  },
  {
    name: 'password_hash',
    title: 'hash of a password',
    pattern:
      /\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$|\$(?:1|5|6|y|7|scrypt)\$[^\s$]{1,64}\$[./A-Za-z0-9]{20,}|SCRAM-SHA-(?:1|256)\$\d+:|pbkdf2(?:_sha\d+|:sha\d+)[$:]\d+[$:]|\{S?SHA(?:256|512)?\}[A-Za-z0-9+/=]{20,}/g,
    holds: always,
  },
  {
    name: 'url_password',
    title: 'address with a password in it',
    pattern: /(?<![a-z0-9])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:[^\s:/@]{1,200}@[^\s/]{1,200}/gi,
    holds: always,
  },
].map((each) => ({ ...each, class: 'secret', alone: true }));

/** The weakest of them: what looks random may be an id. So it needs company. */
export const randomToken: Detector = {
  name: 'random_token',
  title: 'text as random as a key or token',
  class: 'secret',
  pattern: /(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,200}={0,2}(?![A-Za-z0-9+/_=-])/g,
  holds: looksRandom,
  alone: false,
};
