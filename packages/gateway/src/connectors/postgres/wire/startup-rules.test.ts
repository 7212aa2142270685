import { describe, expect, it } from 'vitest';
import { checkStartup, parseOptions } from './startup-rules.ts';

function check(parameters: Record<string, string>, minor = 0, major = 3) {
  return checkStartup({ kind: 'startup', major, minor, parameters: new Map(Object.entries(parameters)) });
}

describe('a startup packet', () => {
  it('names the target by its database, or else by its user', () => {
    expect(check({ user: 'a', database: 'prod' })).toMatchObject({
      ok: true,
      value: { user: 'a', database: 'prod' },
    });
    expect(check({ user: 'a' })).toMatchObject({ ok: true, value: { database: 'a' } });
  });

  it.each([
    ['replication', { replication: 'true' }, '0A000'],
    ['logical replication', { replication: 'database' }, '0A000'],
    ['replication in another case', { Replication: '1' }, '0A000'],
    ['another encoding', { client_encoding: 'LATIN1' }, '22023'],
    ['another encoding in another case', { CLIENT_ENCODING: 'sql_ascii' }, '22023'],
    ['another encoding by options', { options: '-c client_encoding=LATIN1' }, '22023'],
    ['another encoding by a long option', { options: '--client-encoding=EUC_JP' }, '22023'],
    ['switches of the server', { options: '-B 1' }, '22023'],
    ['no user', { user: '' }, '28000'],
  ])('with %s is refused', (_name, parameters, code) => {
    expect(check({ user: 'a', ...parameters })).toMatchObject({
      ok: false,
      error: { severity: 'FATAL', code },
    });
  });

  it.each(['UTF8', 'utf-8', 'Unicode', "'utf-8'"])('may name its encoding %s', (name) => {
    expect(check({ user: 'a', client_encoding: name }).ok).toBe(true);
  });

  it('of another major version is refused', () => {
    expect(check({ user: 'a' }, 0, 2)).toMatchObject({ ok: false, error: { code: '0A000' } });
  });

  it.each([
    [0, 0, false],
    [1, 0, true],
    [2, 2, false],
    [3, 2, true],
    [9999, 2, true],
  ])(
    'that asks for protocol 3.%d speaks 3.%d, and is told where that differs: %s',
    (asked, minor, mustNegotiate) => {
      expect(check({ user: 'a' }, asked)).toMatchObject({ ok: true, value: { minor, mustNegotiate } });
    },
  );

  it('with protocol options is told that they are unknown', () => {
    expect(check({ user: 'a', '_pq_.x': '1' })).toMatchObject({
      ok: true,
      value: { mustNegotiate: true, unknownOptions: ['_pq_.x'] },
    });
  });
});

describe('connection options', () => {
  it.each([
    ['', []],
    ['-c a=1', [['a', '1']]],
    [
      '-ca=1 --Work-Mem=2MB',
      [
        ['a', '1'],
        ['work_mem', '2MB'],
      ],
    ],
    ['  -c sallyport.task=move\\ the\\ money  ', [['sallyport.task', 'move the money']]],
    ['-c a=b=c', [['a', 'b=c']]],
    ['-c a=\\\\', [['a', '\\']]],
    [
      '-c a=\n-c b=2',
      [
        ['a', ''],
        ['b', '2'],
      ],
    ],
  ])('%j', (options, settings) => expect(parseOptions(options)).toEqual(settings));

  it.each(['-c', '-c a', 'a=1', '-c =1', '-d 5', '--', '-c a=1 x'])('%j is refused', (options) => {
    expect(parseOptions(options)).toBeUndefined();
  });
});
