import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

/** Debian's own (scripts/install-test-tools.sh). */
const executablePath = '/usr/bin/chromium';

/** A security key that the browser takes for a real one: what is on it goes with it when it is pulled. */
export interface Key {
  /** Whether it recognises its owner. */
  recognise(recognised: boolean): Promise<void>;
  /** Pulls it out; returns how to put it back. */
  pull(): Promise<() => Promise<Key>>;
}

export interface TestBrowser {
  readonly page: Page;
  plugIn(): Promise<Key>;
  /** What the page, or the browser on its behalf, complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

const options = {
  protocol: 'ctap2',
  transport: 'usb',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

type Credential = Awaited<ReturnType<typeof credentialsOf>>[number];

async function credentialsOf(session: CDPSession, authenticatorId: string) {
  return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
}

async function plugIn(session: CDPSession, credentials: readonly Credential[] = []): Promise<Key> {
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options });
  for (const credential of credentials)
    await session.send('WebAuthn.addCredential', { authenticatorId, credential });
  return {
    recognise: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    pull: async () => {
      const held = await credentialsOf(session, authenticatorId);
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      return () => plugIn(session, held);
    },
  };
}

export async function startBrowser(): Promise<TestBrowser> {
  // Containers give no namespaces to sandbox with, and every page here is our own.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => void complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable', { enableUI: false });
  return { page, complaints, plugIn: () => plugIn(session), close: () => browser.close() };
}
