-- The sample schema of the vectors, and besides it what hides tables and effects.
create table customers (
  id bigint generated always as identity primary key,
  full_name text not null, email text unique not null, phone text, card_number text, country text,
  created_at timestamptz not null default now());
create table products (id bigint generated always as identity primary key, name text not null, price_cents int not null);
create table orders (
  id bigint generated always as identity primary key, customer_id bigint not null references customers,
  status text not null, total_cents bigint not null, placed_at timestamptz not null default now());
create table order_items (
  order_id bigint references orders on delete cascade, product_id bigint references products, quantity int not null,
  primary key (order_id, product_id));
create table payments (
  id bigint generated always as identity primary key, order_id bigint not null references orders on delete cascade,
  card_number text not null, amount_cents bigint not null, paid_at timestamptz);
create table employees (
  id bigint generated always as identity primary key, full_name text not null, email text not null, title text,
  salary_cents bigint not null, manager_id bigint references employees);

create view contacts as select id as contact_id, full_name as who, email as address from customers where country = 'NO';
create view contact_names as select who, address from contacts;
create view salary_by_title as select title, avg(salary_cents) as average from employees group by title;
create view order_totals as select c.*, o.total_cents from customers c join orders o on o.customer_id = c.id;
create materialized view emails as select email from customers;
create view all_emails as select string_agg(email, ',') as emails from customers;

create function customer_count() returns bigint language sql stable as 'select count(*) from customers';
create function touch_customer(bigint) returns bigint language plpgsql volatile as
  $$ begin update customers set phone = null where id = $1; return $1; end $$;
create function pretends(text) returns text language plpgsql immutable as
  $$ begin return (select email from customers limit 1); end $$;
create function trigger_function() returns trigger language plpgsql as $$ begin return new; end $$;
create procedure tidy() language plpgsql as $$ begin delete from orders; end $$;
create view noisy as select id, touch_customer(id) from customers;

create table audited (id bigint primary key, note text);
create trigger audit after insert or update on audited for each row execute function trigger_function();
create table ruled (id bigint primary key, note text);
create rule copy_it as on insert to ruled do also insert into audited values (new.id, new.note);
create table secured (id bigint primary key, owner text, body text);
alter table secured enable row level security;
create policy own on secured using (owner = current_user and exists (select 1 from employees e where e.email = owner));

create function box_equal(int, text) returns boolean language plpgsql as $$ begin return true; end $$;
create operator === (leftarg = int, rightarg = text, function = box_equal);
create function is_ok(text) returns boolean language plpgsql immutable as $$ begin return true; end $$;
create domain checked as text check (is_ok(value));
create table guarded (id int primary key, body checked, total int check (total > 0));
create function next_code() returns text language plpgsql as $$ begin return 'x'; end $$;
create table coded (id int primary key, code text default next_code());
create table generated (id int primary key, email text, email_lower text generated always as (lower(email)) virtual);

create table "Customers" (id bigint primary key, email text);
create table "сustomers" (id bigint primary key, email text);
create table events (id bigint, at date not null, payload text) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create table moved (id int, area text) partition by list (area);
create table moved_north partition of moved for values in ('north');
create trigger gone after delete on moved_north for each row execute function trigger_function();
create table people (id bigint primary key, email text);
create table staff (salary bigint) inherits (people);
create sequence tickets;
create schema evil;
create table evil.customers (id bigint primary key, secret text);
create table evil.only_here (id bigint primary key, secret text);
create function evil.lower(bigint) returns text language plpgsql as $$ begin return ''; end $$;
create aggregate public.gather(text) (sfunc = textcat, stype = text);
create type mood as enum ('ok', 'bad');
create extension if not exists dblink;
create extension if not exists postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
create foreign table remote_customers (id bigint, email text) server elsewhere;
create table lists (id int primary key, parts int[]);
