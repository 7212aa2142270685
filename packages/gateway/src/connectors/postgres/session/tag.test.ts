import { expect, it } from 'vitest';
import { NAME, tagged, untagged } from './tag.ts';

it.each(['', 'psql', 'a name with spaces', 'sallyport/ses_other'])(
  'a client that calls itself %j is known to the target by its session, and to itself by its own name',
  (own) => {
    const sent = tagged({ [NAME]: own, datestyle: 'ISO' }, 'ses_1');
    expect(sent[NAME]?.split(' ')[0]).toBe('sallyport/ses_1');
    expect(sent['datestyle']).toBe('ISO');
    expect(untagged(sent[NAME] ?? '', 'ses_1')).toBe(own);
  },
);

it('a client can’t take the tag of another session by its own name', () => {
  expect(tagged({ [NAME]: 'sallyport/ses_2' }, 'ses_1')[NAME]).toBe('sallyport/ses_1 sallyport/ses_2');
});
