import { Sallyport } from '@sallyport/sdk';

export interface Refund {
  readonly invoice: string;
  readonly cents: number;
}

/** An agent's tool: refunds an invoice at the billing service, once somebody has agreed to exactly that. */
export function refundTool(gateway: { readonly url: string; readonly token: string }, billingUrl: string) {
  const sallyport = new Sallyport(gateway);
  return sallyport.guard(
    async (refund: Refund, granted) => {
      const url = `${billingUrl}/refunds`;
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await granted.headers('POST', url)) },
        body: JSON.stringify(refund),
      });
      if (!response.ok) throw Object.assign(new Error(await response.text()), { code: 'billing.refused' });
      return (await response.json()) as { readonly refunded: number };
    },
    {
      target: 'billing',
      operation: 'invoice.refund',
      describe: ({ invoice, cents }) => ({
        title: `Refund ${(cents / 100).toFixed(2)} for invoice ${invoice}`,
        datasets: [{ dataset: 'invoices', access: ['write'] }],
      }),
    },
  );
}
