// Plain JavaScript that old Node parses too.

/**
 * What V8 is told for a process that runs for months and has 150 MiB. Measured by `npm run bench -- postgres`; neither
 * throughput nor latency changes by it.
 *
 * `--max-semi-space-size=2`: young objects get 4 MiB in place of 32, all of which would be touched in turn.
 *
 * `--no-wasm-tier-up`, `--no-wasm-dynamic-tiering`: WebAssembly stays as its first compiler made it. The optimizing one
 * takes 450 MiB, once, for the SQL grammar's one huge function and gains nothing on it; policy decisions are memoised.
 */
export const nodeFlags = ['--max-semi-space-size=2', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/**
 * What the C library is told: one heap for all threads. Each further one keeps what its busiest moment took, and the
 * threads that would want their own are idle when the gateway is busy.
 */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '1' };
