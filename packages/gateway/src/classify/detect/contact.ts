import { digitsOf, isFiller, type Detector } from './detector.ts';

/** Names of files may have the sign too: `logo@2x.png`. None of these is a top-level domain. */
const FILES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'svg', 'css', 'js', 'ts', 'json', 'html', 'pdf']);

export const email: Detector = {
  name: 'email',
  title: 'e-mail address',
  class: 'pii',
  // The local part has RFC 5321's 64 octets at most, and a label of a name 63: bounds that keep the search linear.
  pattern: /(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])/gi,
  alone: false,
  holds: (candidate) => {
    const at = candidate.lastIndexOf('@');
    const [local, domain] = [candidate.slice(0, at), candidate.slice(at + 1)];
    const dotted = local.startsWith('.') || local.endsWith('.') || local.includes('..');
    const labels = domain.split('.');
    return (
      !dotted &&
      !FILES.has(labels.at(-1)?.toLowerCase() ?? '') &&
      labels.every((label) => !label.startsWith('-') && !label.endsWith('-'))
    );
  },
};

/** Country codes of E.164 by length, as far as they tell something: the first digits of a number. */
const COUNTRY =
  /^(?:1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2(?:1[1-368]|2\d|3\d|4\d|5\d|6\d|9[0-17-9])|3(?:5\d|7\d|8[0-35-79])|42[013]|5(?:0\d|9\d)|6(?:7[02-9]|8[0-35-9]|9[0-2])|8(?:0[08]|5[02356]|7[0-48]|8[0-368])|9(?:6[0-8]|7[0-79]|9[2-68]))/;

export const phone: Detector = {
  name: 'phone',
  title: 'telephone number (E.164)',
  class: 'pii',
  // With its plus sign: without one, digits are just digits.
  pattern: /(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){6,14}(?!\d)/g,
  alone: false,
  holds: (candidate) => {
    const digits = digitsOf(candidate);
    return digits.length <= 15 && COUNTRY.test(digits.join('')) && !isFiller(digits.slice(2));
  },
};
