// A sample agent: an ordinary program with an ordinary PostgreSQL driver, which knows nothing of what stands between
// it and its database. It reports what it does and what it gets as lines of JSON.
import pg from 'pg';

const exportAddresses = "SELECT full_name, email FROM customers WHERE country = 'DE' ORDER BY id";

const steps = [
  {
    step: 'aggregate',
    text: `SELECT country, count(*)::int AS orders, round(sum(total_cents) / 100) AS revenue
FROM orders JOIN customers ON customers.id = customer_id
GROUP BY country ORDER BY revenue DESC`,
  },
  { step: 'export', text: exportAddresses },
  { step: 'drop', text: 'DROP TABLE customers CASCADE' },
  { step: 'count', text: 'SELECT count(*)::int AS customers FROM customers' },
  { step: 'export again', text: exportAddresses },
  {
    step: 'go on',
    text: 'SELECT status, count(*)::int AS orders FROM orders GROUP BY status ORDER BY status',
  },
];

const report = (event) => process.stdout.write(`${JSON.stringify({ ...event, atMs: Date.now() })}\n`);

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
let current = '';
client.on('notice', (notice) => report({ kind: 'notice', step: current, message: notice.message }));

await client.connect();
await client.query("SET sallyport.task = 'Prepare the newsletter to our customers in Germany'");
for (const { step, text } of steps) {
  current = step;
  report({ kind: 'asks', step, text });
  try {
    const { rows } = await client.query(text);
    report({ kind: 'gets', step, count: rows.length, rows: rows.slice(0, 3) });
  } catch (error) {
    const { code, message, detail = '', hint = '' } = error;
    report({ kind: 'refused', step, code, message, detail, hint });
  }
}
await client.end();
