import { call, element, onToken, sentence, show, tell, term } from './common.js';

const place = (id) => document.getElementById(id);

// Out of the address bar and the history at once: it opens one link, once.
const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname);

const nameOf = ({ platform, tenant, user }) => `${platform}, ${tenant}, ${user}`;

async function list() {
  const { links } = await call('v1/chat-links');
  const rows = links.map(({ account, linkedAt }) =>
    element(
      'li',
      {},
      `${nameOf(account)}, since ${linkedAt} `,
      element('button', { type: 'button', onclick: () => void unlink(account) }, 'Unlink'),
    ),
  );
  show(place('list'), ...rows);
}

const unlink = (account) =>
  tell(place('status'), async () => {
    await call('v1/chat-links/unlink', account);
    await list();
    return 'Unlinked.';
  });

async function offer() {
  await list();
  if (token === '')
    return 'These are your accounts. To link one, press a button in the chat and follow its link.';
  const { account, shownAs, expiresAt } = await call('v1/chat-links/offer', { token });
  show(
    place('account'),
    element(
      'dl',
      {},
      ...term('Shown there as', shownAs),
      ...term('Account', nameOf(account)),
      ...term('Until', expiresAt),
    ),
    element(
      'p',
      {},
      sentence(
        'Did you press the button in the chat yourself, as this account? If somebody sent you this link, close the page.',
      ),
    ),
  );
  place('link').hidden = false;
  return 'Look at the account first.';
}

onToken(place('signing-in'), () => tell(place('status'), offer));

place('link').addEventListener('click', () => {
  place('link').hidden = true;
  void tell(place('status'), async () => {
    await call('v1/chat-links', { token });
    await list();
    return 'Linked. Go back to the chat, and press the button again.';
  });
});
