import { freePort } from '../../../../sample/server.ts';

/** One that no connection gets by itself before it is used. */
export async function aFreePort(): Promise<number> {
  const port = await freePort();
  if (port === undefined) throw new Error('no port is free');
  return port;
}
