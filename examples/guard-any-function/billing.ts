import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redeemGrant } from '@sallyport/sdk/grant';

export interface Billing {
  readonly url: string;
  /** Cents by invoice. */
  readonly refunds: ReadonlyMap<string, number>;
  close(): void;
}

/** A service that refunds only what the gateway's grant says, once. */
export async function startBilling(gatewayUrl: string): Promise<Billing> {
  const refunds = new Map<string, number>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const refund = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { invoice: string; cents: number };
    const refused = await objection(request, refund);
    if (refused !== null) return void response.writeHead(403).end(refused);
    refunds.set(refund.invoice, (refunds.get(refund.invoice) ?? 0) + refund.cents);
    response.end(JSON.stringify({ refunded: refund.cents }));
  };
  /** Null: the gateway says that this request may do exactly this. */
  const objection = ({ headers }: IncomingMessage, refund: object): Promise<string | null> =>
    redeemGrant(
      { url: gatewayUrl },
      {
        grant: (headers.authorization ?? '').replace(/^DPoP /, ''),
        proof: String(headers['dpop'] ?? ''),
        method: 'POST',
        url: `${url()}/refunds`,
        target: 'billing',
        operation: 'invoice.refund',
        arguments: { ...refund },
      },
    ).then(
      () => null,
      (error: unknown) => (error as { code?: string }).code ?? 'unknown',
    );
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`;
  return { url: url(), refunds, close: () => void server.close() };
}
