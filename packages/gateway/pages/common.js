// What the pages share. The token is in this module's memory, and nowhere else: closing the page forgets it.
import { visible } from './visible.js';

let token = '';

/** Browsers use passkeys under a name: on this machine that is `localhost`, not an address. */
export function moveToLocalhost() {
  if (!/^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname)) return;
  const url = new URL(location.href);
  url.hostname = 'localhost';
  location.replace(url);
}

/** An element with properties and children; text becomes text, never markup, with what is hidden in it made visible. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.map((child) => (typeof child === 'string' ? visible(child) : child)));
  return made;
}

export function show(parent, ...children) {
  parent.replaceChildren(...children.map((child) => (typeof child === 'string' ? visible(child) : child)));
}

/** The gateway's own sentence, with the punctuation that it is written with; as text, like everything here. */
export const sentence = (text) => element('span', { textContent: text });

/** What the API answers; throws an Error with its sentence and `code` otherwise. */
export async function call(path, body) {
  const headers = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const method = body === undefined ? 'GET' : 'POST';
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: text, cache: 'no-store', credentials: 'omit' });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.detail), { code: answer.code });
}

/** Runs `work` when the form of the token is sent, and takes the token out of the field. */
export function onToken(form, work) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = form.querySelector('input');
    token = field.value.trim();
    field.value = '';
    void work();
  });
}

/** Runs `work`, and says in `place` what went wrong. */
export async function tell(place, work) {
  show(place, 'One moment.');
  try {
    show(place, await work());
  } catch (error) {
    // A DOMException's own `code` is a number that says nothing.
    const code = typeof error.code === 'string' ? error.code : error.name;
    show(place, element('strong', { textContent: `${error.message} ` }), element('code', {}, code));
  }
}

export function toBase64url(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** RFC 8785, for what is signed here: text, whole numbers, lists and plain objects. */
export function canonicalize(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalize(value[name])}`);
  return `{${members.join(',')}}`;
}

export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** spec/action.md: what stands on this page is what the digest is of, or there is nothing to sign. */
export async function digestOf({ command, parameters, preconditions, requester, target }) {
  const { agent, onBehalfOf } = requester;
  const form = { agent, command, environment: target.environment, onBehalfOf, parameters, preconditions };
  const named = { ...form, protocol: target.protocol, target: target.name, version: 'sallyport/action/v1' };
  return hex(await sha256(canonicalize(named)));
}

/** A term with its values, each as text. */
export const term = (name, ...values) => [
  element('dt', {}, name),
  ...values.map((value) => element('dd', {}, ...(Array.isArray(value) ? value : [value]))),
];
const none = ['none'];
export const lines = (list) => (list.length > 0 ? list : none);

export function datasetLine({ dataset, access, basis, columns, classes }) {
  const names = columns.map((each) => `${each.name} (${[...each.uses, ...each.classes].join(', ')})`);
  return `${dataset}: ${access.join(', ')}; ${basis}; ${names.join('; ')} ${classes.join(', ')}`;
}

const descriptors = (list) => list.map((each) => ({ ...each, id: fromBase64url(each.id) }));

/** Has one of the person's passkeys sign `challenge`. */
export async function sign(options, challenge) {
  const allowCredentials = descriptors(options.allowCredentials);
  const credential = await navigator.credentials.get({
    publicKey: { ...options, challenge, allowCredentials },
  });
  const { authenticatorData, clientDataJSON, signature } = credential.response;
  return {
    id: credential.id,
    response: {
      authenticatorData: toBase64url(authenticatorData),
      clientDataJSON: toBase64url(clientDataJSON),
      signature: toBase64url(signature),
    },
  };
}

/** Has an authenticator make a passkey. */
export async function create(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: fromBase64url(options.challenge),
      user: { ...options.user, id: fromBase64url(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    },
  });
  const { attestationObject, clientDataJSON } = credential.response;
  return {
    id: credential.id,
    response: {
      attestationObject: toBase64url(attestationObject),
      clientDataJSON: toBase64url(clientDataJSON),
      transports: credential.response.getTransports?.() ?? [],
    },
  };
}
