import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationFolder, WHOLE } from '../../test/support/configuration-folder.ts';

const CALENDAR = `calendars:
  - name: office
    timeZone: Europe/Berlin
    hours:
      - { days: [mon, tue], from: "13:00", to: "17:00" }
      - { days: [mon, tue, fri], from: 09:00, to: 12:00 }
      - { days: [fri], from: "22:00", to: "24:00" }
    holidays: [2026-12-25, 2028-02-29]
`;

let folder: ConfigurationFolder;
beforeEach(() => {
  folder = new ConfigurationFolder();
});
afterEach(() => folder.remove());

describe('a configuration without fault', () => {
  test('calendars become hours of each weekday, in minutes, in order', async () => {
    const { calendars } = await folder.load(WHOLE + CALENDAR);
    const [morning, afternoon, night] = [
      { from: 540, to: 720 },
      { from: 780, to: 1_020 },
      { from: 1_320, to: 1_440 },
    ];
    expect(calendars).toEqual([
      {
        name: 'office',
        calendar: {
          timeZone: 'Europe/Berlin',
          weekly: [[], [morning, afternoon], [morning, afternoon], [], [], [morning, night], []],
          holidays: new Set(['2026-12-25', '2028-02-29']),
          days: [],
        },
      },
    ]);
    expect((await folder.load(WHOLE)).calendars).toEqual([]);
  });
});

describe('one fault is refused with its place and the way out', () => {
  const calendar = (from: string, to: string) => (): string => {
    if (!CALENDAR.includes(from)) throw new Error(`the calendar has no ${from}`);
    return WHOLE + CALENDAR.replace(from, to);
  };
  const faults: readonly (readonly [string, () => string, string])[] = [
    [
      'a zone that is not there',
      calendar('Europe/Berlin', 'Europe/Bärlin'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: a name of the IANA time zone data base is expected',
    ],
    [
      'a zone that nobody knows',
      calendar('Europe/Berlin', 'Europe/Bonn'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: there is no time zone "Europe/Bonn"; write a name such as Europe/Berlin',
    ],
    [
      'an offset in place of a zone',
      calendar('Europe/Berlin', '"+02:00"'),
      'value.invalid sallyport.yaml:38:5: calendars[0].timeZone: a name of the IANA',
    ],
    [
      'an hour that is none',
      calendar('"17:00"', '"25:00"'),
      'value.invalid sallyport.yaml:40:44: calendars[0].hours[0].to: a time of day from "00:00" to "24:00" is expected',
    ],
    [
      'a minute after the end of the day',
      calendar('"24:00"', '"24:01"'),
      'value.invalid sallyport.yaml:42:39: calendars[0].hours[2].to: a time of day',
    ],
    [
      'a day that is none',
      calendar('[mon, tue]', '[mon, monday]'),
      'value.invalid sallyport.yaml:40:23: calendars[0].hours[0].days[1]: expected one of: sun, mon,',
    ],
    [
      'hours over midnight',
      calendar('"24:00"', '"06:00"'),
      'value.invalid sallyport.yaml:42:39: calendars[0].hours[2].to: the hours end before they begin; write hours over midnight as two entries',
    ],
    [
      'hours that overlap',
      calendar('12:00', '13:01'),
      'value.invalid sallyport.yaml:41:9: calendars[0].hours[1]: the hours overlap with 13:00 to 17:00 of a day that both have; write every working hour once',
    ],
    [
      'a day twice',
      calendar('[fri]', '[fri, fri]'),
      'value.invalid sallyport.yaml:42:9: calendars[0].hours[2]: the day fri is there twice',
    ],
    [
      'a date that is none',
      calendar('2028-02-29', '2027-02-29'),
      'value.invalid sallyport.yaml:43:28: calendars[0].holidays[1]: there is no such date;',
    ],
    [
      'a date of another form',
      calendar('2028-02-29', '29.2.2028'),
      'value.invalid sallyport.yaml:43:28: calendars[0].holidays[1]: a date is expected, such as 2026-12-25;',
    ],
    [
      'no hours',
      () =>
        `${WHOLE}calendars: [{ name: office, timeZone: UTC, hours: [] }]
`,
      'value.invalid sallyport.yaml:36:44: calendars[0].hours: the calendar has no hours and no days;',
    ],
    [
      'a year without any working hour',
      () => {
        const mondays = Array.from({ length: 53 }, (_, at) => new Date(Date.UTC(2027, 0, 4 + 7 * at)));
        const dates = mondays.map((date) => date.toISOString().slice(0, 10)).join(', ');
        return `${WHOLE}calendars:
  - { name: mondays, timeZone: UTC, hours: [{ days: [mon], from: "09:00", to: "10:00" }], holidays: [${dates}] }
`;
      },
      'value.invalid sallyport.yaml:37:91: calendars[0].holidays: the calendar has a year without any working hour; add hours, or remove holidays',
    ],
    [
      'a calendar twice',
      () => `${WHOLE}${CALENDAR}${CALENDAR.replace('calendars:\n', '')}`,
      'name.duplicate sallyport.yaml:44:5: calendars[1].name: the calendar "office" is there already;',
    ],
  ];

  test.each(faults)('%s', async (_, text, expected) => {
    const problem = await folder.onlyProblemOf(text());
    expect(problem).toContain(expected);
    expect(problem).toMatch(/; \S/);
  });
});
