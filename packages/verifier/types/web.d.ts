/**
 * The few globals that Node, browsers and workers share and that the verifier may use.
 * Declared here one by one because the DOM library would let a document, a clock and a network in.
 */

declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: ArrayBuffer | ArrayBufferView): string;
}

declare function atob(data: string): string;
declare function btoa(data: string): string;

interface CryptoKey {
  readonly type: 'private' | 'public' | 'secret';
  readonly extractable: boolean;
}

interface JsonWebKey {
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
}

interface SubtleCrypto {
  digest(algorithm: 'SHA-256', data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Promise<ArrayBuffer>;
  importKey(
    format: 'raw' | 'pkcs8' | 'spki',
    keyData: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
    algorithm: 'Ed25519',
    extractable: boolean,
    keyUsages: ('sign' | 'verify')[],
  ): Promise<CryptoKey>;
  importKey(
    format: 'jwk',
    keyData: JsonWebKey,
    algorithm: KeyAlgorithm,
    extractable: boolean,
    keyUsages: 'verify'[],
  ): Promise<CryptoKey>;
  sign(
    algorithm: 'Ed25519',
    key: CryptoKey,
    data: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
  ): Promise<ArrayBuffer>;
  verify(
    algorithm: 'Ed25519' | KeyAlgorithm,
    key: CryptoKey,
    signature: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
    data: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
  ): Promise<boolean>;
}

declare const crypto: { readonly subtle: SubtleCrypto };
