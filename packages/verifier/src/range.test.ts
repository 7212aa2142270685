import { describe, expect, it } from 'vitest';
import { rangeTiles } from './range.ts';

const tiles = (from: number, until: number, size: number): string[] =>
  [...rangeTiles(from, until, size)].map(({ level, index, width }) => `${level}/${index} ${width}`);

describe('the tiles that prove a range', () => {
  it('are those that span it and the right edge, each once, by level', () => {
    expect(tiles(0, 300, 300)).toEqual(['0/0 256', '0/1 44', '1/0 1']);
    expect(tiles(0, 256, 300)).toEqual(['0/0 256', '0/1 44', '1/0 1']);
    expect(tiles(256, 300, 300)).toEqual(['0/1 44', '1/0 1']);
    expect(tiles(512, 600, 1_000)).toEqual(['0/2 256', '0/3 232', '1/0 3']);
    expect(tiles(256, 512, 512)).toEqual(['0/1 256', '1/0 2']);
  });

  it('are found on every level of a large tree', () => {
    expect(tiles(0, 1, 70_000)).toEqual(['0/0 256', '0/273 112', '1/0 256', '1/1 17', '2/0 1']);
    expect(tiles(65_536, 65_537, 70_000)).toEqual(['0/256 256', '0/273 112', '1/1 17', '2/0 1']);
    expect(tiles(65_280, 65_792, 70_000)).toEqual([
      '0/255 256',
      '0/256 256',
      '0/273 112',
      '1/0 256',
      '1/1 17',
      '2/0 1',
    ]);
  });

  it('of nothing are the right edge alone, and of an empty tree there are none', () => {
    expect(tiles(0, 0, 300)).toEqual(['0/1 44', '1/0 1']);
    expect(tiles(512, 512, 1_000)).toEqual(['0/3 232', '1/0 3']);
    expect(tiles(0, 0, 0)).toEqual([]);
  });
});
