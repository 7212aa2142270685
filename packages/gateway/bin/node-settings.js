// Plain JavaScript that old Node parses too.

/**
 * What V8 is told for a process that runs for months and has some 150 MiB. Measured by `npm run bench -- postgres`.
 *
 * `--max-semi-space-size=8`: young objects get 16 MiB in place of 32, all of which would be touched in turn. With 4 MiB
 * the collector runs so often that 32 clients get two thirds of the throughput.
 *
 * `--no-wasm-tier-up`, `--no-wasm-dynamic-tiering`: WebAssembly stays as its first compiler made it. The optimizing one
 * takes 450 MiB, once, for the SQL grammar's one huge function and gains nothing on it; policy decisions are memoised.
 *
 * `--expose-gc`: what only the start needed is given back when it is over, 20 MiB and more. By itself V8 keeps them.
 */
export const nodeFlags = [
  '--max-semi-space-size=8',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--expose-gc',
];

/**
 * What the C library is told: one heap for all threads. Each further one keeps what its busiest moment took, and the
 * threads that would want their own are idle when the gateway is busy. What is freed goes back to the system, from the
 * end of the heap and in large blocks, from 128 KiB on: by itself the library raises both bounds as it goes.
 */
export const nodeEnvironment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
