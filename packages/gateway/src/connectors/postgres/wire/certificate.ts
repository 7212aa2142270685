import { createHash, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

/** What the gateway proves itself with to PostgreSQL clients. */
export interface TlsIdentity {
  readonly context: SecureContext;
  /** `tls-server-end-point` data (RFC 5929 section 4); null where the certificate's signature defines no hash. */
  readonly channelBinding: Buffer | null;
}

/** PEM. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

export interface CertificateOptions {
  /** Made if it isn't there. */
  readonly folder: string;
  /** Names and addresses that clients use; `localhost` and the loopback addresses are always in. */
  readonly hosts: readonly string[];
  /** Unix time, in milliseconds. */
  readonly nowMs: number;
}

const keyFile = 'postgres-tls.key';
const certificateFile = 'postgres-tls.crt';
/** Nobody renews a certificate that nobody asked for: it lasts as long as an installation. */
const validMs = 10 * 365 * 86_400_000;

/**
 * The certificate in the folder; made when there is none. The key's file appears last, so a crash in between leaves
 * nothing that counts. Throws where the files are there and unfit: a gateway that quietly made others would break every
 * client that has pinned them.
 */
export async function loadOrMakeCertificate(options: CertificateOptions): Promise<Certificate> {
  const key = path.join(options.folder, keyFile);
  const certificate = path.join(options.folder, certificateFile);
  const existing = await statOrUndefined(key);
  if (existing === undefined) return makeCertificate(options, key, certificate);
  if ((existing.mode & 0o077) !== 0) throw new Error(`${key} can be read by others: chmod 600 ${key}`);
  return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
}

export function tlsIdentity(certificate: Certificate): TlsIdentity {
  return {
    context: createSecureContext({
      key: certificate.key,
      cert: certificate.certificate,
      minVersion: 'TLSv1.2',
    }),
    channelBinding: channelBindingOf(new X509Certificate(certificate.certificate)),
  };
}

/** RFC 5929 section 4.1: the hash of the signature; SHA-256 in place of MD5 and SHA-1; none where the signature has none. */
export function channelBindingOf(certificate: X509Certificate): Buffer | null {
  const hash = /sha-?(1|224|256|384|512)|md5/i.exec(certificate.signatureAlgorithm ?? '');
  if (hash === null) return null;
  const bits = hash[1] === undefined || hash[1] === '1' ? '256' : hash[1];
  return createHash(`sha${bits}`).update(certificate.raw).digest();
}

async function makeCertificate(
  options: CertificateOptions,
  keyPath: string,
  certificatePath: string,
): Promise<Certificate> {
  const hosts = new Set(['localhost', '127.0.0.1', '::1', ...options.hosts]);
  // Loaded when it is needed, which is once in an installation: it takes 13 MiB.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'Sallyport' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(options.nowMs - 3_600_000),
    notAfterDate: new Date(options.nowMs + validMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...hosts].map(alternativeName) },
    ],
  });
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  await writeWhole(certificatePath, made.cert, 0o644);
  await writeWhole(keyPath, made.private, 0o600);
  return { key: made.private, certificate: made.cert };
}

function alternativeName(host: string) {
  return isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const);
}

async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const unfinished = `${file}.unfinished`;
  await writeFile(unfinished, text, { mode, flush: true });
  // The mode above is cut by the umask, and isn't applied to a file left by a crash.
  await chmod(unfinished, mode);
  await rename(unfinished, file);
}

async function statOrUndefined(file: string): Promise<{ readonly mode: number } | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
