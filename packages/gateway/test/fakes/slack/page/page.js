// Shows what the local Slack holds, as Slack lays blocks out; everything is made of text, nothing of markup.
const place = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

let state = { users: [], channels: [], messages: [], ephemerals: [], views: [] };
let shown = '';
let channel = 'C0REVIEWS';
let threadOf;

const user = () => place('user').value;
const nameOf = (id) => state.users.find((each) => each.id === id)?.name ?? id;

async function act(body) {
  const response = await fetch('page/act', { method: 'POST', body: JSON.stringify(body) });
  const { acked } = await response.json();
  if (!acked) window.alert('Slack would say: this app did not answer. Nothing was counted.');
  await look();
}

const inline = (part) => {
  if (part.type === 'user') return element('span', { className: 'mention' }, `@${nameOf(part.user_id)}`);
  const { bold, italic, code } = part.style ?? {};
  let made = document.createTextNode(part.text);
  if (code) made = element('code', {}, made);
  if (italic) made = element('em', {}, made);
  if (bold) made = element('strong', {}, made);
  return made;
};
const inlines = ({ elements }) => elements.map(inline);

const richParts = {
  rich_text_section: (part) => element('div', {}, ...inlines(part)),
  rich_text_preformatted: (part) => element('pre', {}, ...inlines(part)),
  rich_text_quote: (part) => element('blockquote', {}, ...inlines(part)),
  rich_text_list: (part) =>
    element('ul', {}, ...part.elements.map((item) => element('li', {}, ...inlines(item)))),
};

function buttonOf(button, press) {
  const run = async () => {
    const { confirm, url } = button;
    if (confirm && !window.confirm(`${confirm.title.text}\n\n${confirm.text.text}`)) return;
    if (url) window.open(url, '_blank', 'noopener');
    await press(button.action_id);
  };
  return element('button', { type: 'button', className: button.style ?? '', onclick: run }, button.text.text);
}

function input({ block_id: id, label, element: field }) {
  const head = element('label', { htmlFor: id }, label.text);
  if (field.type === 'plain_text_input')
    return element(
      'div',
      {},
      head,
      element('textarea', { id, rows: 4, maxLength: field.max_length ?? 3000 }),
    );
  const options = field.options.map(({ text, value }) =>
    element('option', { value, selected: value === field.initial_option?.value }, text.text),
  );
  return element('div', {}, head, element('select', { id }, ...options));
}

const blockOf = (press) => (block) => {
  if (block.type === 'header') return element('h3', {}, block.text.text);
  if (block.type === 'input') return input(block);
  if (block.type === 'actions')
    return element('div', { className: 'actions' }, ...block.elements.map((each) => buttonOf(each, press)));
  return element('div', { className: 'rich' }, ...block.elements.map((part) => richParts[part.type](part)));
};

function messageOf(message, note) {
  const press = (action) =>
    act({ kind: 'press', user: user(), channel: message.channel, ts: message.ts, action });
  const body = message.blocks.length > 0 ? message.blocks.map(blockOf(press)) : [message.text];
  const edited = message.edits > 0 ? ' (edited)' : '';
  const head = element(
    'div',
    { className: 'who' },
    'sallyport',
    element('small', {}, `APP ${note}${edited}`),
  );
  const made = element('li', { className: 'message' }, head, ...body);
  const replies = state.messages.filter(
    ({ thread, channel: at }) => thread === message.ts && at === message.channel,
  );
  if (replies.length > 0) {
    const open = () => {
      threadOf = message.ts;
      draw();
    };
    made.append(element('button', { type: 'button', onclick: open }, `${replies.length} in the thread`));
  }
  return made;
}

function toldOf(told, index) {
  const press = (action) => act({ kind: 'told', index, action });
  const body = told.blocks.length > 0 ? told.blocks.map(blockOf(press)) : [told.text];
  return element('li', { className: 'message told' }, element('small', {}, 'Only visible to you'), ...body);
}

function drawModal() {
  const dialog = place('modal');
  const view = state.views.find((each) => each.user === user());
  if (view === undefined) return dialog.close();
  const { title, submit, close, blocks } = view.modal;
  const written = () =>
    Object.fromEntries([...dialog.querySelectorAll('textarea, select')].map(({ id, value }) => [id, value]));
  const send = () => act({ kind: 'submit', view: view.id, written: written() });
  const errors = Object.values(view.errors).map((text) => element('p', { className: 'error' }, text));
  dialog.replaceChildren(
    element('h3', {}, title.text),
    ...blocks.map(blockOf(() => undefined)),
    ...errors,
    element(
      'div',
      { className: 'actions' },
      ...(submit ? [element('button', { className: 'primary', onclick: send }, submit.text)] : []),
      element('button', { onclick: () => act({ kind: 'close', view: view.id }) }, close?.text ?? 'Close'),
    ),
  );
  if (!dialog.open) dialog.showModal();
}

function draw() {
  const chosen = user();
  place('user').replaceChildren(
    ...state.users.map(({ id, name }) => element('option', { value: id, selected: id === chosen }, name)),
  );
  const seen = state.channels.filter((each) => each.user === null || each.user === user());
  place('channels').replaceChildren(
    ...seen.map(({ id, name, user: with_ }) =>
      element(
        'button',
        {
          ariaCurrent: String(id === channel),
          onclick: () => ((channel = id), (threadOf = undefined), draw()),
        },
        with_ === null ? `# ${name}` : 'sallyport (direct)',
      ),
    ),
  );
  place('channel').textContent = `# ${state.channels.find(({ id }) => id === channel)?.name ?? ''}`;
  const messages = state.messages.filter((each) => each.channel === channel && each.thread === null);
  const told = state.ephemerals.flatMap((each, index) => (each.user === user() ? [toldOf(each, index)] : []));
  const list = place('messages');
  list.replaceChildren(...messages.map((each) => messageOf(each, '')), ...told);
  list.scrollTop = list.scrollHeight;
  const thread = state.messages.filter((each) => each.thread === threadOf && threadOf !== undefined);
  place('thread').hidden = thread.length === 0;
  place('thread').replaceChildren(element('h2', {}, 'Thread'), ...thread.map((each) => messageOf(each, '')));
  drawModal();
}

async function look() {
  const text = await (await fetch('page/state')).text();
  if (text === shown) return;
  shown = text;
  state = JSON.parse(text);
  draw();
}

place('user').addEventListener('change', draw);
place('command').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = place('text').value.replace(/^\/sallyport\s*/, '');
  place('text').value = '';
  void act({ kind: 'command', user: user(), channel, text });
});
await look();
draw();
setInterval(() => void look(), 700);
