/** Words that cards share. */

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${grouped(number)} ${number === 1 ? one : many}`;

/** 12,345: the same in every locale. */
const grouped = (number: number): string => number.toString().replace(/\B(?=(?:\d{3})+$)/g, ',');

/** `2026-11-21 09:30 UTC` */
export const moment = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
