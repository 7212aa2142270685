import { canonicalize, type HeartbeatLeaf } from '@sallyport/verifier';
import { entry, type SealedEntry } from './entry.ts';

/** A gateway's run counts its heartbeats from 0, and the entries that it saw durable before. */
export function heartbeatEntry(told: HeartbeatLeaf['heartbeat'], atMs: number): SealedEntry {
  const heartbeat = { ...told };
  const leaf = canonicalize({ action: null, at: atMs, heartbeat, kind: 'heartbeat', version: 1 });
  return entry('heartbeat', { action: null, atMs }, leaf, null);
}
