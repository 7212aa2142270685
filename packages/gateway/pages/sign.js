import { datasetLine, element, lines, sentence, term } from './common.js';
import { decideOn, idOfPage } from './deciding.js';

/** spec/action.md */
function form({ command, parameters, preconditions, requester, target }) {
  const { agent, onBehalfOf } = requester;
  const of = { agent, command, environment: target.environment, onBehalfOf, parameters, preconditions };
  return { ...of, protocol: target.protocol, target: target.name, version: 'sallyport/action/v1' };
}

function established(read) {
  const { requester, target, risk } = read;
  return element(
    'dl',
    {},
    ...term('Agent', `${requester.agent}, for ${requester.onBehalfOf} (${requester.onBehalfOfBasis})`),
    ...term('Target', `${target.name}, ${target.protocol}, ${target.environment}`),
    ...term('Operation', `${read.operation}: ${read.title}`),
    ...term('Risk', `${risk.score} of 100`, ...risk.signals.map((each) => sentence(each.explanation))),
    ...term('Data', ...lines(read.datasets.map(datasetLine))),
    ...term('Functions', ...lines(read.functions.map((each) => `${each.name} (${each.effect})`))),
    ...term('Row limit', read.rowLimit === null ? 'none' : String(read.rowLimit)),
    ...term('Not resolved', ...lines(read.unknown)),
    ...term('Why people are asked', ...lines(read.reasons.map(sentence))),
    ...term('What waits', ...lines(read.holding.map(sentence))),
    ...term('Expires', read.expiresAt),
  );
}

const parameterLine = ({ type, format, value }, at) =>
  `$${at + 1} ${type} ${format}: ${value === null ? 'NULL' : value}`;

/** Law 6: the whole action, and everything else that the gateway says of it. Law 9: an agent's words stand apart. */
function whole(read) {
  const answers = read.questions.map((each) => {
    const said =
      each.answer === null
        ? 'no answer yet'
        : `${each.answer.kind} ${each.answer.by} says: ${each.answer.text}`;
    return element('li', {}, `${each.by} asks: ${each.text}. ${said}`);
  });
  return [
    element('h2', {}, 'What will be sent, exactly'),
    element('pre', { id: 'command' }, read.command),
    element('ol', {}, ...read.parameters.map((each, at) => element('li', {}, parameterLine(each, at)))),
    element('h2', {}, 'What the gateway established'),
    established(read),
    element(
      'section',
      { className: 'untrusted' },
      element('h2', {}, 'The words of the agent and of those who answer for it; nobody checked them'),
      element('p', {}, read.untrusted.statedTask === '' ? 'It said nothing.' : read.untrusted.statedTask),
      element('ul', {}, ...answers),
    ),
    element('h2', {}, 'Everything, as the gateway has it'),
    element('pre', {}, JSON.stringify(read, null, 2)),
  ];
}

decideOn({
  path: `../../v1/reviews/${idOfPage()}`,
  noun: 'review',
  open: 'pending',
  form,
  whole,
  votedOn: ({ digest, id }) => ({ action: digest, review: id, version: 'sallyport/vote/v1' }),
});
