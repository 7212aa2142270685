/** The verifier as a page: one file, opened from wherever it lies, without a network. */
import {
  parsePolicy,
  refuseWitnesses,
  verifyFolder,
  verifyReceipt,
  webCryptoVerifier,
} from '../src/index.ts';
import { element, verdict } from './dom.ts';
import { bytesOf, chosen, dropped } from './files.ts';
import type { Evidence } from './files.ts';
import { folderView } from './folder-view.ts';
import { receiptView } from './receipt-view.ts';

const platform = webCryptoVerifier();

function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new TypeError(`the page has no ${id}`);
}

const key = byId('key', HTMLInputElement);
const policy = byId('policy', HTMLTextAreaElement);
const kept = byId('kept', HTMLTextAreaElement);
const zone = byId('drop', HTMLElement);
const result = byId('result', HTMLElement);

/** What was typed, ended by the newline that the formats demand; null where nothing was. */
function typed({ value }: HTMLTextAreaElement): string | null {
  return value.trim() === '' ? null : `${value.trimEnd()}\n`;
}

const trustedKey = (): string | null => (key.value.trim() === '' ? null : key.value.trim());

async function receiptReport(file: File): Promise<HTMLElement[]> {
  const text = await file.text();
  const report = await verifyReceipt(text, { trustedKey: trustedKey(), ...platform });
  const given = typed(policy);
  if (given === null) return receiptView(report, []);
  const parsed = await parsePolicy(given, platform.hash);
  if (!parsed.ok) return [verdict('wrong', 'The policy is none', `Line ${parsed.line}: ${parsed.detail}.`)];
  return receiptView(report, await refuseWitnesses(text, parsed.policy, platform.verify));
}

async function folderReport(files: ReadonlyMap<string, File>): Promise<HTMLElement[]> {
  const keptNote = typed(kept);
  const report = await verifyFolder({
    read: async (path) => {
      const file = files.get(path);
      return file === undefined ? undefined : bytesOf(file);
    },
    trustedKey: trustedKey(),
    policy: typed(policy),
    earlier: keptNote === null ? [] : [keptNote],
    ...platform,
  });
  return folderView(report);
}

/** The last evidence, verified again whenever what is trusted changes; a slower run never covers a later one. */
let current: Evidence | undefined;
let runs = 0;

async function run(): Promise<void> {
  if (current === undefined) return;
  const own = ++runs;
  result.replaceChildren(element('p', 'soft', 'Verifying…'));
  const shown = await (
    current.kind === 'file' ? receiptReport(current.file) : folderReport(current.files)
  ).catch((error: unknown) => [verdict('wrong', 'Not verified', String(error))]);
  if (own === runs) result.replaceChildren(...shown);
}

function take(evidence: Evidence | undefined): void {
  current = evidence;
  void run();
}

for (const id of ['file', 'folder']) {
  const input = byId(id, HTMLInputElement);
  input.addEventListener('change', () => {
    if (input.files !== null) take(chosen(input.files));
  });
}
for (const field of [key, policy, kept]) field.addEventListener('change', () => void run());

// What is dropped beside the zone must not replace the page.
for (const name of ['dragover', 'drop']) document.addEventListener(name, (event) => event.preventDefault());
zone.addEventListener('dragover', () => zone.classList.add('over'));
zone.addEventListener('dragleave', () => zone.classList.remove('over'));
document.addEventListener('drop', ({ dataTransfer }) => {
  zone.classList.remove('over');
  if (dataTransfer === null) return;
  dropped(dataTransfer).then(take, () => {
    const detail =
      'This browser does not open dropped folders in a page of its own disk: choose the folder instead.';
    result.replaceChildren(verdict('open', 'Not opened', detail));
  });
});

/** RFC 8032 §7.1, test 1: a browser that does not know this signature could call nothing proved. */
const KNOWN = {
  key: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  signature: '5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==',
};

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

void Promise.resolve(platform.verify(bytes(KNOWN.key), new Uint8Array(), bytes(KNOWN.signature))).then(
  (isAble) => {
    if (isAble) return;
    const detail =
      'It does not know Ed25519. Use Chrome or Edge 137, Firefox 129 or Safari 17, or a later one.';
    result.replaceChildren(verdict('open', 'This browser can’t verify', detail));
  },
);
