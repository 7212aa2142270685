/** One table's rows, column by column, in the order of the table's identity: row n has the id n + 1. */
export interface SeedTable {
  readonly table: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly values: readonly Value[];
  }[];
}

type Value = string | number | null;
type Row = readonly Value[];

const counts = {
  customers: 8_000,
  products: 400,
  orders: 14_000,
  items: 17_000,
  employees: 300,
} as const;

/** The shop's last day: rows don't depend on when they are made. */
const lastDayMs = Date.UTC(2026, 9, 31);
const yearMs = 365 * 24 * 3_600_000;

const givenNames =
  'Ada Ben Chiara Dmitri Elif Farid Grace Hana Ivan Jia Kofi Lena Mateo Nadia Omar Priya Quinn Rosa Sven Tara Uma Victor Wei Ximena Yusuf Zoe'.split(
    ' ',
  );
const familyNames =
  'Abebe Berg Castro Dubois Eriksen Fischer Garcia Haddad Ito Jensen Kowalski Lopez Moreau Nguyen Okafor Petrov Quist Rossi Silva Tanaka Ueda Varga Weber Xu Yilmaz Zhang'.split(
    ' ',
  );
const countries = ['DE', 'FR', 'GB', 'US', 'JP', 'BR', 'IN', 'NG', 'PL', 'SE'];
const materials = ['Oak', 'Steel', 'Linen', 'Glass', 'Cork', 'Copper', 'Wool', 'Clay'];
const things = ['Lamp', 'Chair', 'Table', 'Kettle', 'Blanket', 'Clock', 'Shelf', 'Bowl', 'Mirror', 'Stool'];
const titles = ['Engineer', 'Analyst', 'Buyer', 'Accountant', 'Support agent', 'Designer'];
const statuses = ['open', 'paid', 'shipped', 'shipped', 'shipped', 'cancelled'];

/** The same rows for the same seed, on every machine; about 50,000 in all. */
export function makeSeed(seed: number): readonly SeedTable[] {
  const draw = new Draw(seed);
  const customers = rows(counts.customers, (n) => customer(draw, n));
  const products = rows(counts.products, (n) => product(draw, n));
  const prices = products.map((row) => Number(row[1]));
  const items = orderItems(draw);
  const totals = new Map<number, number>();
  for (const [order, item, quantity] of items) {
    totals.set(order, (totals.get(order) ?? 0) + quantity * (prices[item - 1] ?? 0));
  }
  const orders = rows(counts.orders, (n) => order(draw, totals.get(n + 1) ?? 0));
  const paid = orders.flatMap((row, n) => (isPaid(row) ? [payment(row, n + 1, customers)] : []));
  const employees = rows(counts.employees, (n) => employee(draw, n));
  return [
    table(
      'customers',
      'full_name:text email:text phone:text card_number:text country:text created_at:timestamptz',
      customers,
    ),
    table('products', 'name:text price_cents:int', products),
    table('orders', 'customer_id:bigint status:text total_cents:bigint placed_at:timestamptz', orders),
    table('order_items', 'order_id:bigint product_id:bigint quantity:int', items),
    table('payments', 'order_id:bigint card_number:text amount_cents:bigint paid_at:timestamptz', paid),
    table(
      'employees',
      'full_name:text email:text title:text salary_cents:bigint manager_id:bigint',
      employees,
    ),
  ];
}

/** mulberry32: 32 bits of state, the same sequence everywhere. For samples, never for secrets. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, but not including, `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T; // below() stays inside, and no list here is empty
  }

  instant(): string {
    return new Date(lastDayMs - this.below(2 * yearMs)).toISOString();
  }
}

function rows(count: number, make: (n: number) => Row): readonly Row[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function table(name: string, columns: string, all: readonly Row[]): SeedTable {
  const described = columns.split(' ').map((column, at) => {
    const [columnName = '', type = ''] = column.split(':');
    return { name: columnName, type, values: all.map((row) => row[at] ?? null) };
  });
  return { table: name, columns: described };
}

function person(draw: Draw, n: number, domain: string): readonly [name: string, email: string] {
  const given = draw.of(givenNames);
  const family = draw.of(familyNames);
  return [`${given} ${family}`, `${given}.${family}.${n + 1}@${domain}`.toLowerCase()];
}

function customer(draw: Draw, n: number): Row {
  // RFC 2606 domains, and the numbers 555-0100 to 555-0199, belong to nobody.
  const phone = `+1-${200 + draw.below(700)}-555-01${String(draw.below(100)).padStart(2, '0')}`;
  return [...person(draw, n, 'example.com'), phone, cardNumber(draw), draw.of(countries), draw.instant()];
}

/** A number of the test range 4000 00 that passes the Luhn check. */
function cardNumber(draw: Draw): string {
  const body = `400000${String(draw.below(1_000_000_000)).padStart(9, '0')}`;
  const sum = [...body].reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}

function product(draw: Draw, n: number): Row {
  return [`${draw.of(materials)} ${draw.of(things)} No. ${n + 1}`, 500 + draw.below(45_000)];
}

function orderItems(draw: Draw): readonly (readonly [order: number, product: number, quantity: number])[] {
  const items: [number, number, number][] = [];
  for (let n = 0; n < counts.items; n++) {
    // Every order has an item; the rest is spread over the first ones, with a product of its own each time.
    const order = (n % counts.orders) + 1;
    const round = Math.floor(n / counts.orders);
    const half = counts.products / 2;
    items.push([order, round * half + draw.below(half) + 1, 1 + draw.below(4)]);
  }
  return items;
}

function order(draw: Draw, totalCents: number): Row {
  return [draw.below(counts.customers) + 1, draw.of(statuses), totalCents, draw.instant()];
}

const isPaid = (row: Row): boolean => row[1] === 'paid' || row[1] === 'shipped';

function payment(row: Row, orderId: number, customers: readonly Row[]): Row {
  const [customerId, , totalCents = 0, placedAt] = row;
  const paidAt = new Date(Date.parse(String(placedAt)) + 3_600_000).toISOString();
  return [orderId, customers[Number(customerId) - 1]?.[3] ?? null, totalCents, paidAt];
}

function employee(draw: Draw, n: number): Row {
  const title = n === 0 ? 'Director' : n < 20 ? 'Manager' : draw.of(titles);
  const manager = n === 0 ? null : n < 20 ? 1 : 2 + draw.below(19);
  const salaryCents = (n === 0 ? 18_000_000 : n < 20 ? 9_500_000 : 4_200_000) + draw.below(300) * 10_000;
  return [...person(draw, n, 'shop.example'), title, salaryCents, manager];
}
