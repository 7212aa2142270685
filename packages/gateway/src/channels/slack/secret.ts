/** A value that shows itself to whoever asks for it and to nobody else: the configuration's secrets are of this shape. */
export interface Secret {
  reveal(): string;
}
